"""The servers of a run: started on free ports of loopback, ended by their process ids."""

import os
import re
import socket
import subprocess
import time

NGINX = """
daemon off;
worker_processes 1;
%(user)s
pid %(dir)s/nginx.pid;
error_log %(dir)s/nginx.error crit;
events { worker_connections 8192; }
http {
    access_log off;
    client_body_temp_path %(dir)s/body;
    proxy_temp_path %(dir)s/proxy;
    fastcgi_temp_path %(dir)s/fastcgi;
    uwsgi_temp_path %(dir)s/uwsgi;
    scgi_temp_path %(dir)s/scgi;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_next_upstream off;
    proxy_buffer_size 32k;
    proxy_buffers 8 32k;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header Stamp "$remote_addr:$remote_port/$connection_requests";
    map $content_length $length { "" 0; default $content_length; }
    upstream whole { server 127.0.0.1:%(whole)d; keepalive 256; }
    upstream piecemeal { server 127.0.0.1:%(piecemeal)d; keepalive 256; }
    upstream fixed { server 127.0.0.1:%(nginx_fixed)d; keepalive 256; }
    server {
        listen 127.0.0.1:%(nginx_whole)d;
        server_name a;
        location / { proxy_pass http://whole; }
    }
    server {
        listen 127.0.0.1:%(nginx_piecemeal)d;
        server_name a;
        location / { proxy_pass http://piecemeal; proxy_request_buffering off; }
    }
    # Alone: the second server has the fixed answer, the first reads bodies before it asks for it.
    server {
        listen 127.0.0.1:%(nginx_alone)d;
        server_name a;
        location / { proxy_pass http://fixed; proxy_set_header If-Match ""; proxy_set_header Host fixed; }
    }
    server {
        listen 127.0.0.1:%(nginx_fixed)d;
        location / {
            add_header Witness "0.0 $request_method $request_uri $length ? $http_host";
            return 200 "seen\\n";
        }
    }
}
"""

HAPROXY = """
global
    maxconn 8000
    tune.bufsize 65536
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
    timeout http-request 30s
    retries 0
    http-reuse always
frontend before_ours
    bind 127.0.0.1:%(haproxy)d
    http-request set-header Stamp "%%ci:%%cp/%%rt"
    default_backend ours
backend ours
    server ours 127.0.0.1:%(behind_haproxy)d pool-max-conn 256
frontend alone
    bind 127.0.0.1:%(haproxy_alone)d
    http-request wait-for-body time 30s at-least 60k
    http-request return status 200 content-type text/plain string "seen\\n" hdr Witness "0.0 %%[method] %%[url] %%[req.body_len] ? %%[req.hdr(host)]"
"""


def _free_ports(names):
    sockets = {}
    for name in names:
        sockets[name] = socket.socket()
        sockets[name].bind(("127.0.0.1", 0))
    ports = {name: s.getsockname()[1] for name, s in sockets.items()}
    for s in sockets.values():
        s.close()
    return ports


def end(process):
    """By SIGTERM; of one that does not end by itself the status tells."""
    process.terminate()
    try:
        process.wait(45)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Witness:
    """Our server, whose standard output is a log of what it has seen."""

    def __init__(self, program, directory, name):
        self.path = os.path.join(directory, name + ".log")
        with open(self.path, "wb") as out, open(self.path + ".err", "wb") as err:
            self.process = subprocess.Popen([program], stdout=out, stderr=err)
        self.log = open(self.path, "rb")
        self.rest = b""
        self.port = None
        self.refused = self.failed = None
        for _ in range(500):
            for line in self.lines():
                self.port = int(line.split()[1])
            if self.port:
                return
            time.sleep(0.02)
        raise RuntimeError("the witness %s did not start" % name)

    def lines(self):
        """Those that are new."""
        lines = (self.rest + self.log.read()).split(b"\n")
        self.rest = lines.pop()
        return lines

    def stop(self):
        """Its status and what it said on standard error; `refused` and `failed` count requests."""
        end(self.process)
        for line in self.lines():
            if line.startswith(b"refused "):
                self.refused, self.failed = map(int, line.split()[1:])
        with open(self.path + ".err", "rb") as err:
            text = err.read().decode("latin-1")
        return self.process.returncode, text


class Servers:
    """`ports` by target, `witnesses` by the target that is in front of them."""

    TARGETS = ("ours", "nginx", "nginx_unbuffered", "haproxy", "nginx_alone", "haproxy_alone")

    def __init__(self, witness, directory):
        self.directory = directory
        self.processes = {}
        self.witnesses = {}
        self.witness_program = witness
        self.ports = {}

    def start(self):
        for target in self.TARGETS[:4]:
            self.witnesses[target] = Witness(self.witness_program, self.directory, target)
        values = _free_ports(("nginx_whole", "nginx_piecemeal", "nginx_alone", "nginx_fixed",
                              "haproxy", "haproxy_alone"))
        values.update(dir=self.directory, user="user root;" if os.getuid() == 0 else "",
                      whole=self.witnesses["nginx"].port,
                      piecemeal=self.witnesses["nginx_unbuffered"].port,
                      behind_haproxy=self.witnesses["haproxy"].port)
        nginx = self._write("nginx.conf", NGINX % values)
        haproxy = self._write("haproxy.cfg", HAPROXY % values)
        self._run("nginx", ["nginx", "-p", self.directory, "-c", nginx])
        self._run("haproxy", ["haproxy", "-db", "-f", haproxy])
        self.ports = {"ours": self.witnesses["ours"].port, "nginx": values["nginx_whole"],
                      "nginx_unbuffered": values["nginx_piecemeal"], "haproxy": values["haproxy"],
                      "nginx_alone": values["nginx_alone"], "haproxy_alone": values["haproxy_alone"]}
        for target, port in self.ports.items():
            self._wait(target, port)

    def _write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def _run(self, name, command):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        log = os.path.join(self.directory, name + ".out")
        with open(log, "wb") as out:
            self.processes[name] = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env=dict(os.environ, PATH=path))

    def _wait(self, target, port):
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port), 5).close()
                return
            except OSError:
                time.sleep(0.02)
        said = ""
        for name in self.processes:
            with open(os.path.join(self.directory, name + ".out"), errors="replace") as log:
                said += log.read()
        raise RuntimeError("%s does not listen: %s" % (target, said))

    def dead(self):
        """The names of those that have ended."""
        running = dict(self.processes)
        running.update({"witness of " + n: w.process for n, w in self.witnesses.items()})
        return [name for name, process in running.items() if process.poll() is not None]

    def stop(self):
        """What our servers had to complain of: sanitizer reports, and a status other than 0."""
        complaints = []
        for process in self.processes.values():
            end(process)
        for target, witness in self.witnesses.items():
            status, text = witness.stop()
            if status or text.strip():
                complaints.append("witness of %s: status %d\n%s" % (target, status, text))
        return complaints


def versions():
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

    def ask(*command):
        made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, PATH=path), check=False)
        return made.stdout.decode().split("\n")[0].strip()

    return ask("nginx", "-v"), ask("haproxy", "-v")
