# SPDX-License-Identifier: Apache-2.0
"""nginx's workers, which are told to go over a socket, and apache's prefork children."""
import os
import signal
import time

from restarts_gunicorn import kill_from_outside
from restarts_stage import Http, Load
from restarts_truth import Pool, Truth

SIZE = 2
NGINX = """
daemon off;
worker_processes {size};
pid {dir}/pid;
error_log {dir}/log notice;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{ listen unix:{dir}/socket; return 200 ok; }}
}}
"""
APACHE = """
ServerRoot {dir}
ServerName localhost
PidFile {dir}/pid
ErrorLog {dir}/log
Mutex file:{dir}
DocumentRoot {dir}/htdocs
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
User nobody
Group nogroup
Listen 127.0.0.1:{port}
KeepAlive off
StartServers 3
MinSpareServers 3
MaxSpareServers 3
MaxRequestWorkers 3
ServerLimit 3
MaxConnectionsPerChild {connections}
"""


def nginx(stage):
    config = stage.file("nginx.conf", NGINX.format(dir=stage.dir, size=SIZE))
    main = stage.start(["/usr/sbin/nginx", "-c", config, "-p", stage.dir],
                       env=stage.environment())
    stage.wait_children(SIZE)
    return main


def nginx_truth(stage, main, recycling, **known):
    pool = Pool(stage, main, SIZE, "nginx worker", recycling, respawn_storm=False, **known)
    return Truth(stage, "nginx", [pool])


def nginx_killed(stage):
    """By kill -SEGV and kill -KILL from outside."""
    main = nginx(stage)
    for n, number in enumerate((signal.SIGSEGV, signal.SIGKILL), start=1):
        time.sleep(1)
        kill_from_outside(stage, stage.alive()[0].pid, number)
        stage.wait_ended(n)
        stage.wait_children(SIZE)
    return nginx_truth(stage, main, "unplanned", synchronized=False)


def nginx_reload(stage):
    main = nginx(stage)
    for n in (1, 2):
        time.sleep(2)
        os.kill(main, signal.SIGHUP)
        stage.wait_ended(n * SIZE)
        stage.wait_children(SIZE)
    return nginx_truth(stage, main, "planned")


def apache(stage):
    """Each child leaves after so many connections."""
    web = Http()
    port = web.port
    web.close()
    os.mkdir(stage.path("htdocs"))
    stage.file("htdocs/index.html", "1")
    for path in (stage.dir, os.path.dirname(stage.dir)):
        os.chmod(path, 0o755)
    config = stage.file("apache.conf", APACHE.format(dir=stage.dir, port=port, connections=100))
    main = stage.start(["/usr/sbin/apache2", "-f", config, "-D", "FOREGROUND"],
                       env=stage.environment())
    stage.wait_children(3)
    web.port = port
    with Load(web, "/index.html", 3, pause=0.03):
        stage.wait_ended(9)
    stage.wait_children(3)
    pool = Pool(stage, main, 3, "apache worker", "planned", boot_loop=False, respawn_storm=False)
    return Truth(stage, "apache2", [pool])


def scenarios():
    yield "nginx-killed", nginx_killed, None
    yield "nginx-reload", nginx_reload, None
    yield "apache-max-connections", apache, None
