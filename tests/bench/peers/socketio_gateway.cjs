// socketio_gateway.cjs - socket.io with its Redis adapter: a room per stream, WebSocket alone.
//
//   node socketio_gateway.cjs PORT REDIS_PORT
//
// A client emits "subscribe" with a list of streams and joins their rooms; what is published to a
// room anywhere reaches it by way of Redis as the event "m".
const { createServer } = require('http');
const { Server } = require('socket.io');
const { createAdapter } = require('@socket.io/redis-adapter');
const { createClient } = require('redis');

async function main([port, redisPort]) {
  const publisher = createClient({ url: `redis://127.0.0.1:${redisPort}` });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'],
                                adapter: createAdapter(publisher, subscriber) });
  io.on('connection', (socket) => {
    socket.on('subscribe', (streams) => socket.join(streams));
  });
  http.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 });
}

main(process.argv.slice(2));
