"""Servers that a user could take instead, each set up as its users would (run --peers).

  nchan      Debian's nginx with its module and Redis; messages are posted to a second nginx, so that
             the one that is measured fans out and does no more
  node       ws and ioredis, a set of sockets per channel (peers/node_gateway.cjs)
  socket.io  with its Redis adapter, a room per stream (peers/socketio_gateway.cjs)
"""

import os
import shlex
import subprocess

from harness import BenchError, free_port, wait_for
from workloads import PREFIX, Server

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGES = ("nginx-light", "libnginx-mod-nchan", "redis-server")
INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
NCHAN_MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so"

# Everything but the module's own lines is what keeps nginx out of the way: one worker, no logs.
# The buffer holds a whole flood, since a subscriber that falls behind reads from it.
NGINX = """
user root; daemon off; pid {dir}/{name}.pid; error_log {dir}/{name}.error; worker_processes 1;
load_module {module};
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path {dir}/{name}-body; proxy_temp_path {dir}/{name}-proxy;
  fastcgi_temp_path {dir}/{name}-fastcgi; uwsgi_temp_path {dir}/{name}-uwsgi;
  scgi_temp_path {dir}/{name}-scgi;
  client_body_buffer_size 64k; keepalive_requests 100000000; keepalive_timeout 600s;
  nchan_shared_memory_size 512M;
  upstream redis_server {{ nchan_redis_server redis://127.0.0.1:{redis_port}; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096{tls};
    {certificate}
    location = /pub {{
      nchan_publisher; nchan_channel_id $arg_s; nchan_redis_pass redis_server;
      nchan_message_buffer_length 5000; nchan_message_timeout 1m;
    }}
    location = /sub {{
      nchan_subscriber websocket; nchan_channel_id $arg_s; nchan_channel_id_split_delimiter ",";
      nchan_subscriber_first_message newest; nchan_redis_pass redis_server;
    }}
    location = /ready {{ return 200; }}
  }}
}}
"""


def install():
    """By package name, as everything here; npm's packages into the build directory's cache."""
    script = f". {shlex.quote(ROOT)}/deploy/packages.sh && need_packages {' '.join(PACKAGES)}"
    if subprocess.run(["bash", "-c", script]).returncode:
        raise BenchError("the peers' packages could not be installed")
    if not os.path.exists(NCHAN_MODULE):
        raise BenchError(f"{NCHAN_MODULE} is missing: libnginx-mod-nchan puts it there")


def install_npm(build):
    """Where the npm packages are; they are installed once per build directory."""
    cache = os.path.join(build, "bench-peers")
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(HERE, "peers", "package.json")) as f:
        wanted = f.read()
    done = os.path.join(cache, "installed.json")
    if os.path.exists(done) and open(done).read() == wanted:
        return os.path.join(cache, "node_modules")
    with open(os.path.join(cache, "package.json"), "w") as f:
        f.write(wanted)
    run = subprocess.run(INSTALL, cwd=cache, capture_output=True, text=True)
    if run.returncode:
        raise BenchError("npm could not install the peers: " + " ".join(run.stderr.split("\n")[:3]))
    with open(done, "w") as f:
        f.write(wanted)
    return os.path.join(cache, "node_modules")


def nginx_command(bench, name, port, tls=None):
    """Write its configuration; the command that runs it."""
    directory = bench.processes.dir
    path = os.path.join(directory, f"{name}.conf")
    certificate = ""
    if tls:
        certificate = f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};"
    with open(path, "w") as f:
        f.write(NGINX.format(dir=directory, name=name, module=NCHAN_MODULE, port=port,
                             redis_port=bench.redis_port, tls=" ssl" if tls else "",
                             certificate=certificate))
    return ["nginx", "-p", directory, "-c", path, "-e", os.path.join(directory, f"{name}.error")]


def start_nchan(bench, port):
    """The measured nginx, the one that messages are posted to, and the latter's port."""
    post_port = free_port()
    posting = bench.processes.start("nchan-publisher",
                                    nginx_command(bench, "nchan-publisher", post_port), nice=-10)
    wait_for(posting, post_port, "/ready")
    command = nginx_command(bench, "nchan", port, bench.tls)
    server = bench.processes.start("nchan", command, nice=-10, server=True)
    wait_for(server, port, None if bench.tls else "/ready")
    return [server, posting], ("--kind", "nchan", "--redis", post_port)


def peers(build):
    install()
    modules = shlex.quote(install_npm(build))
    node = f"env NODE_PATH={modules} NODE_ENV=production node {shlex.quote(HERE)}/peers"
    return [
        Server("nchan", "nginx", start=start_nchan, client_flags=("--dialect", "nchan"),
               counts_receivers=False, ours=False, speaks_tls=True),
        Server("node", f"{node}/node_gateway.cjs {{port}} {{redis_port}} {PREFIX}",
               ours=False),
        Server("socket.io", f"{node}/socketio_gateway.cjs {{port}} {{redis_port}}",
               client_flags=("--dialect", "socketio"), publisher_flags=("--kind", "socketio"),
               ours=False),
    ]
