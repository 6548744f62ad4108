// node_gateway.cjs - the fan-out that teams write first: ws and ioredis, a set of sockets per channel.
//
//   node node_gateway.cjs PORT REDIS_PORT PREFIX
//
// Takes {"method":"SUBSCRIBE","params":[...]}, subscribes to a channel of Redis when its first
// client asks for it, and sends each message to every client of its channel as
// {"stream":...,"data":...}. The text is built once per message.
const { WebSocketServer } = require('ws');
const Redis = require('ioredis');

const [port, redisPort, prefix] = process.argv.slice(2);
const redis = new Redis({ host: '127.0.0.1', port: Number(redisPort) });
const listeners = new Map(); // channel -> Set of sockets

redis.on('message', (channel, message) => {
  const sockets = listeners.get(channel);
  if (!sockets) return;
  const head = message.indexOf('\n'); // the publisher's own line before the JSON
  const text = `{"stream":"${channel.slice(prefix.length)}","data":${message.slice(head + 1)}}`;
  for (const socket of sockets) {
    if (socket.readyState === socket.OPEN) socket.send(text);
  }
});

function subscribe(socket, stream) {
  const channel = prefix + stream;
  let sockets = listeners.get(channel);
  if (!sockets) {
    listeners.set(channel, (sockets = new Set()));
    redis.subscribe(channel);
  }
  sockets.add(socket);
  socket.channels.add(channel);
}

function leave(socket) {
  for (const channel of socket.channels) {
    const sockets = listeners.get(channel);
    sockets.delete(socket);
    if (sockets.size === 0) {
      listeners.delete(channel);
      redis.unsubscribe(channel);
    }
  }
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), perMessageDeflate: false,
                                     backlog: 4096 });
server.on('connection', (socket) => {
  socket.channels = new Set();
  socket.on('message', (text) => {
    const request = JSON.parse(text);
    if (request.method === 'SUBSCRIBE') request.params.forEach((s) => subscribe(socket, s));
  });
  socket.on('close', () => leave(socket));
  socket.on('error', () => socket.terminate());
});
