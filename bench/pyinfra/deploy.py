"""What the tutorial role brings about (bench/tutorial), with pyinfra's own operations. What is the host's data, pyinfra.mjs has."""
from io import StringIO

from pyinfra import host
from pyinfra.operations import apt, files, git, pip, server, systemd

data = host.data
app, site, venv = data.app_dir, data.app_name, data.venv_dir
source = "%s/src" % app


def changed(*operations):
    return lambda: any(operation.did_change() for operation in operations)


apt.packages(
    name="Install system packages",
    packages=["python3", "python3-pip", "python3-venv", "python3-dev", "libpq-dev", "git", "nginx", "build-essential"],
    update=True,
)
server.group(name="Create application group", group=data.app_group, system=True)
server.user(name="Create application user", user=data.app_user, group=data.app_group, home=app, shell="/usr/sbin/nologin", system=True, create_home=False)
files.directory(name="Create application directory", path=app, user=data.app_user, group=data.app_group, mode="755")
checkout = git.repo(name="Clone application repository", src=data.app_repo, dest=source, branch=data.app_branch)
server.shell(name="Create virtual environment", commands=["[ -e %(venv)s/bin/python ] || python3 -m venv %(venv)s" % {"venv": venv}])
pip.packages(name="Upgrade pip", packages=["pip"], latest=True, pip="%s/bin/pip" % venv)
server.shell(
    name="Install Python requirements", commands=["%s/bin/pip install --quiet --requirement %s/requirements.txt" % (venv, source)], _if=changed(checkout)
)
environment = files.put(name="Create environment file", src=StringIO(data.environment), dest="%s/.env" % app, user="root", group=data.app_group, mode="640")
server.shell(
    name="Migrate and collect static files",
    commands=["cd %s && set -a && . %s/.env && %s/bin/python manage.py %s --noinput --verbosity 0" % (source, app, venv, step) for step in ("migrate", "collectstatic")],
    _if=changed(checkout),
)
socket = files.put(name="Create gunicorn socket", src=StringIO(data.socket_unit), dest="/etc/systemd/system/%s.socket" % site, mode="644")
service = files.put(name="Create gunicorn service", src=StringIO(data.service_unit), dest="/etc/systemd/system/%s.service" % site, mode="644")
systemd.daemon_reload(name="Have systemd read them", _if=changed(socket, service))
systemd.service(name="Start and enable gunicorn socket", service="%s.socket" % site, running=True, enabled=True)
server.shell(
    name="Create self-signed certificate",
    commands=[
        "[ -e /etc/ssl/certs/%(site)s.crt ] || openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=%(name)s "
        "-keyout /etc/ssl/private/%(site)s.key -out /etc/ssl/certs/%(site)s.crt" % {"site": site, "name": data.server_name}
    ],
)
page = files.put(name="Create nginx site", src=StringIO(data.nginx_site), dest="/etc/nginx/sites-available/%s" % site, mode="644")
link = files.link(name="Enable nginx site", path="/etc/nginx/sites-enabled/%s" % site, target="/etc/nginx/sites-available/%s" % site)
default = files.link(name="Remove default nginx site", path="/etc/nginx/sites-enabled/default", present=False)
systemd.service(name="Start and enable nginx", service="nginx", running=True, enabled=True)
server.shell(
    name="Restart gunicorn", commands=["systemctl restart %(site)s.socket %(site)s.service" % {"site": site}], _if=changed(checkout, environment, socket, service)
)
server.shell(name="Reload nginx", commands=["systemctl reload nginx"], _if=changed(page, link, default))
