# What the tutorial role brings about, as one script that runs as root over a single ssh: about as fast as a deploy can
# be, and without a release, a health check, a way back or a word on what changed. It answers `changed` or `unchanged`.
# The variables in capitals come from the lines that the bench puts before this one.
set -eu
umask 022
# Read to its end before it starts, since what it runs must not read the rest of it as input.
{
restart=false
reload=false

# put FILE MODE GROUP: standard input becomes the file's content; says with its result whether that changed anything.
put() {
  text=$(cat)
  if [ -f "$1" ] && [ "$text" = "$(cat "$1")" ]; then return 1; fi
  install -m "$2" -g "$3" /dev/null "$1"
  printf '%s\n' "$text" > "$1"
}

packages="python3 python3-pip python3-venv python3-dev libpq-dev git nginx build-essential"
if [ "$(dpkg-query --show --showformat '${Status}\n' $packages 2> /dev/null | grep -cx 'install ok installed')" != 8 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq --yes install $packages
fi

getent group "$APP_GROUP" > /dev/null || groupadd --system "$APP_GROUP"
getent passwd "$APP_USER" > /dev/null ||
  useradd --system --gid "$APP_GROUP" --home-dir "$APP_DIR" --no-create-home --shell /usr/sbin/nologin "$APP_USER"
[ -d "$APP_DIR" ] || install -d -m 0755 -o "$APP_USER" -g "$APP_GROUP" "$APP_DIR"

[ -d "$APP_DIR/src/.git" ] || git clone --quiet --no-checkout --branch "$APP_BRANCH" "$APP_REPO" "$APP_DIR/src"
cd "$APP_DIR/src"
git fetch --quiet origin "$APP_BRANCH"
wanted=$(git rev-parse FETCH_HEAD)
git reset --quiet --hard "$wanted"

[ -x "$VENV_DIR/bin/python" ] || python3 -m venv "$VENV_DIR"
if printf '%s\n' "$ENVIRONMENT" | put "$APP_DIR/.env" 0640 "$APP_GROUP"; then restart=true; fi

# Done is what was done to the end: the mark is written last.
if [ "$(cat "$APP_DIR/.deployed" 2> /dev/null)" != "$wanted" ]; then
  "$VENV_DIR/bin/pip" install --quiet --requirement requirements.txt
  (
    set -a
    . "$APP_DIR/.env"
    "$VENV_DIR/bin/python" manage.py migrate --noinput --verbosity 0
    "$VENV_DIR/bin/python" manage.py collectstatic --noinput --verbosity 0
  )
  restart=true
fi

if put "/etc/systemd/system/$APP_NAME.socket" 0644 root << UNIT; then restart=true; fi
[Unit]
Description=gunicorn socket for $APP_NAME

[Socket]
ListenStream=/run/$APP_NAME/gunicorn.sock
SocketUser=www-data

[Install]
WantedBy=sockets.target
UNIT

if put "/etc/systemd/system/$APP_NAME.service" 0644 root << UNIT; then restart=true; fi
[Unit]
Description=gunicorn daemon for $APP_NAME
Requires=$APP_NAME.socket
After=network.target

[Service]
Type=notify
User=$APP_USER
Group=$APP_GROUP
WorkingDirectory=$APP_DIR/src
EnvironmentFile=$APP_DIR/.env
ExecStart=$VENV_DIR/bin/gunicorn --workers $GUNICORN_WORKERS $APP_WSGI
ExecReload=/bin/kill -s HUP \$MAINPID
Restart=on-failure
PrivateTmp=true

[Install]
WantedBy=multi-user.target
UNIT

[ -f "/etc/ssl/certs/$APP_NAME.crt" ] ||
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$SERVER_NAME" \
    -keyout "/etc/ssl/private/$APP_NAME.key" -out "/etc/ssl/certs/$APP_NAME.crt" 2> /dev/null

if put "/etc/nginx/sites-available/$APP_NAME" 0644 root << SITE; then reload=true; fi
server {
    listen 80;
    listen 443 ssl;
    server_name $SERVER_NAME;

    ssl_certificate /etc/ssl/certs/$APP_NAME.crt;
    ssl_certificate_key /etc/ssl/private/$APP_NAME.key;

    location /static/ {
        alias $APP_DIR/static/;
    }

    location /media/ {
        alias $APP_DIR/media/;
    }

    location / {
        proxy_pass http://unix:/run/$APP_NAME/gunicorn.sock;
        proxy_set_header Host \$http_host;
        proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto \$scheme;
    }
}
SITE
if [ ! -L "/etc/nginx/sites-enabled/$APP_NAME" ]; then
  ln -s "/etc/nginx/sites-available/$APP_NAME" "/etc/nginx/sites-enabled/$APP_NAME"
  reload=true
fi
if [ -e /etc/nginx/sites-enabled/default ]; then
  rm /etc/nginx/sites-enabled/default
  reload=true
fi

for unit in "$APP_NAME.socket" nginx.service; do
  systemctl is-enabled --quiet "$unit" 2> /dev/null || systemctl enable --quiet "$unit"
  systemctl is-active --quiet "$unit" || systemctl start "$unit"
done
if $restart; then
  systemctl daemon-reload
  systemctl restart "$APP_NAME.socket" "$APP_NAME.service"
  printf '%s\n' "$wanted" > "$APP_DIR/.deployed"
fi
if $reload; then systemctl reload nginx.service; fi
if $restart || $reload; then echo changed; else echo unchanged; fi
} < /dev/null
