import { type Host, onHost, until } from "../../../scripts/lab/index.mjs";

/** The address of a chat that each host has to itself. It outlives a boot, and answers late after one. */
export const chat = "http://127.0.0.1:8009/hook";
const said = "/var/lib/chat";

export const openChat = (host: Host): Promise<string> =>
  onHost(
    host,
    `cat > /usr/local/bin/chat.py <<'END'
import http.server


class Chat(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("${said}", "ab") as file:
            file.write(body + b"\\n")
        self.send_response(200)
        self.end_headers()


http.server.HTTPServer(("127.0.0.1", 8009), Chat).serve_forever()
END
printf '[Service]\\nExecStartPre=/bin/sleep 2\\nExecStart=/usr/bin/python3 /usr/local/bin/chat.py\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/chat.service
touch ${said}
systemctl enable --quiet --now chat`,
  );

/** Waits until a host has said that since it was waited for last. */
export const heard = (host: Host, words: RegExp): Promise<true> =>
  until(`A notice of ${host.name}: ${words}`, 60, async () => {
    if (!words.test(await onHost(host, `cat ${said}`))) return undefined;
    await onHost(host, `: > ${said}`);
    return true;
  });
