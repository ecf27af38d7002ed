# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  app_name:
    description: Internal name of the application; units, C(/etc/<app_name>) and C(/run/<app_name>) are named after it.
    type: str
    required: true
  app_dir:
    description: Application root, which holds C(releases), C(venvs), C(slots), C(shared) and C(static).
    type: path
    required: true
  app_user:
    description: System user that runs the application.
    type: str
    required: true
  app_group:
    description: Primary group of O(app_user).
    type: str
    required: true
  socket_link:
    description: Path that nginx connects to, a link to the live slot's socket.
    type: path
    required: true
  run_id:
    description: Names the run that deploys, C(<workflow run>-<attempt>-<anything>); it holds the deploy lock. Empty means no lock.
    type: str
    default: ''
  actor:
    description: In whose name it deploys, for the lock and C(deploys.jsonl).
    type: str
    default: ''
"""
    APPLICATION = """
options:
  app_path:
    description: Folder of C(manage.py) inside the release.
    type: str
    default: .
  environment:
    description: The application's environment as one JSON object of strings, so that it is hidden as a whole.
    type: str
    default: '{}'
  credentials:
    description: Names of the environment that the application reads from a file, which the variable C(<name>_FILE) names, and does not get as variables.
    type: list
    elements: str
    default: []
  last_environment:
    description: Whether a release starts with what it last ran with on this host where C(environment) has no value, as in a rollback.
    type: bool
    default: false
  sandbox:
    description: What the application may do, as lines of its unit; its commands run with the same.
    type: str
    default: ''
"""
    MAKER = """
options:
  maker_password:
    description: Of the role that M(django_ansible.deploy.postgresql_maker) has made in this run, where the database is on another host. Empty where there is none.
    type: str
    default: ''
"""
    SERVICE = """
options:
  service:
    description: How the release is to be served on this host.
    type: dict
    default: {}
    suboptions:
      web:
        description: Whether the host serves requests. One that does not only runs O(service.processes) and O(service.timers).
        type: bool
        default: true
      files:
        description:
          - Files of the host that belong to the application, each with C(path), C(content) and C(kind), which says what reads it.
          - V(unit) is read by systemd and V(gunicorn) by the application's processes, so a difference restarts into the free slot;
            V(nginx) is read by nginx, V(plain) by no service that has to reload.
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: Absolute path.
            type: path
            required: true
          content:
            description: What the file holds.
            type: str
            required: true
          kind:
            description: What reads it.
            type: str
            choices: [unit, gunicorn, nginx, plain]
            default: plain
          mode:
            description: Its permissions, in octal digits.
            type: str
            default: "0644"
      nginx_link:
        description: Link that makes nginx read its file, and what it points to, as C(link) and C(target).
        type: dict
        default: {}
      uploads:
        description: What nginx does with uploads, which takes the place of C(@uploads@) in its site. By default what the release's own code shows of them.
        type: dict
        default: {}
        suboptions:
          url:
            description: Path of the public ones. Empty takes C(MEDIA_URL) of the project.
            type: str
            default: ''
          public:
            description: Whether they are served to everybody, or the folders of them that are. Without it the project decides.
            type: raw
          protected:
            description: Internal locations, to which the application sends nginx by C(X-Accel-Redirect), each with its folder.
            type: dict
            default: {}
      pages:
        description: What nginx shows when it has to answer in the application's place.
        type: dict
        default: {}
        suboptions:
          folder:
            description: Where nginx reads them, each C(<status>.html).
            type: path
            default: ''
          bundled:
            description: Pages by status, for what the release has none of.
            type: dict
            default: {}
          named:
            description: Files of the release by status.
            type: dict
            default: {}
      passwords:
        description: Whom nginx lets in.
        type: dict
        default: {}
        suboptions:
          path:
            description: Where nginx reads users and hashes.
            type: path
            default: ''
          users:
            description: Passwords by user, as one JSON object, so that it is hidden as a whole.
            type: str
            default: '{}'
      refuse_unknown_names:
        description:
          - Ports on which nginx is to refuse requests for a name that no site of the host has. It stays as it is where another site answers for
            them; the site that Debian's package brings does not count as long as nobody has changed it, and is switched off.
        type: list
        elements: int
        default: []
      strategy:
        description:
          - V(slots) starts the release beside the live one. V(restart) tries it beside the live one with a single worker, stops it, and restarts the
            live slot with it, for hosts without memory for two instances; requests wait at the socket meanwhile.
        type: str
        choices: [slots, restart]
        default: slots
      server_names:
        description: Names that no other site of nginx may have.
        type: list
        elements: str
        default: []
      paths:
        description: Links for people, such as C(src) and C(venv), as a mapping of path to target. A folder in their place is moved aside.
        type: dict
        default: {}
      processes:
        description:
          - Long-running commands of the application on this host. They start when nginx passes requests on to the release, and have to stay up; those of
            the release before get the signal to stop then and end the jobs they have.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Names its units, C(<app_name>-<name>-<slot>@<number>.service).
            type: str
            required: true
          command:
            description: What it runs, a program of the virtual environment or a C(*.py). Without a shell.
            type: str
            required: true
          count:
            description: How many of it run on this host.
            type: int
            default: 1
          once:
            description: Whether no other host may run it. It is stopped before its successor starts.
            type: bool
            default: false
          stop_signal:
            description: Signal that has it end its jobs.
            type: str
            default: SIGTERM
          patience:
            description: Seconds it gets for that.
            type: int
            default: 60
          elsewhere:
            description: Whether another host runs it as well, which stops it in the same deploy. It then starts in M(django_ansible.deploy.app_finish).
            type: bool
            default: false
          instead_of:
            description: The host that it belongs on, where that one does not answer.
            type: str
            default: ''
          environment:
            description: Variables of its own, one JSON object of strings. They win over O(environment).
            type: str
            default: '{}'
      timers:
        description: Periodic commands of the application on this host, run by systemd. They start in M(django_ansible.deploy.app_finish).
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Names its units, C(<app_name>-<name>.timer) and C(.service).
            type: str
            required: true
          command:
            description: What it runs, as that of a process.
            type: str
            required: true
          schedule:
            description: When, as systemd's C(OnCalendar=) reads it.
            type: list
            elements: str
            required: true
          once:
            description: As of a process.
            type: bool
            default: true
          timeout:
            description: Seconds after which a run is ended. 0 means never.
            type: int
            default: 0
          instead_of:
            description: As of a process.
            type: str
            default: ''
          dumps:
            description: Of the timer that makes dumps, what it is to do, as JSON. It runs code that a deploy leaves on the host instead of C(command).
            type: str
            default: ''
          environment:
            description: As of a process.
            type: str
            default: '{}'
      process_templates:
        description: Texts of their units, C(process), C(job) and C(timer), in which C(@name@) and so on stand for what differs.
        type: dict
        default: {}
      process_settle:
        description: How long a process has to stay up after its start, in seconds.
        type: int
        default: 5
      bake:
        description: How long the release is watched after traffic has moved to it, in seconds.
        type: int
        default: 0
      bake_wait:
        description: Seconds that the release is watched longer, at most, while nothing is decided.
        type: int
        default: 0
      bake_requests:
        description: Requests without which their failures and times decide nothing.
        type: int
        default: 50
      bake_failures:
        description: Percentage of requests that may fail whatever was before.
        type: float
        default: 0.5
      bake_slower:
        description: How many times as long as before requests may take.
        type: float
        default: 2.0
      bake_checks:
        description: Addresses that have to answer meanwhile, and commands that have to end with 0.
        type: list
        elements: str
        default: []
      behind_proxy:
        description: Whether TLS ends before nginx, which then believes this host's own requests when they say so.
        type: bool
        default: false
      health_path:
        description: Path of the request.
        type: str
        default: /
      health_host:
        description: Host that the request names.
        type: str
        default: localhost
      health_statuses:
        description: Statuses that are healthy; empty means 200 to 399.
        type: list
        elements: int
        default: []
      health_checks:
        description: Further requests that have to be answered, each with C(path) and, where they differ, C(host), C(statuses) and C(headers).
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: As O(service.health_path).
            type: str
            required: true
          host:
            description: Host that the request names. By default O(service.health_host).
            type: str
            default: ''
          statuses:
            description: As O(service.health_statuses).
            type: list
            elements: int
            default: []
          headers:
            description: Headers that the request has besides.
            type: dict
            default: {}
      health_timeout:
        description: How long a start may take until it answers, in seconds.
        type: int
        default: 60
      url:
        description: Where the site answers, for the report.
        type: str
"""
