// To the diary beside the notebook, where a kernel of this page's own server listens; anywhere else nothing happens.
// Jupyter hands no kernel to what a cell shows, so the message goes by a connection of its own, as a comm that is
// opened with it and closed.

const [LISTENER, PATIENCE] = ["bptt-lab-diary", 10000]; // milliseconds without a move until the connection is closed
const [MOST_CHOSEN, LONGEST_CHOICE] = [20, 120];

class Diary {
  constructor(root) {
    this.kernel = root.dataset.kernel;
    this.network = root.dataset.explorer;
    this.session = this.unique();
  }

  unique() {
    return Array.from({ length: 4 }, () => Math.random().toString(16).slice(2, 10).padEnd(8, "0")).join("");
  }

  move(about, stage, chosen, right, mistake) {
    const cut = chosen.slice(0, MOST_CHOSEN).map((one) => one.slice(0, LONGEST_CHOICE));
    this.send({ ...about, stage, chosen: cut, right, mistake: right ? "" : mistake });
  }

  send(noted) {
    try {
      const server = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "null");
      if (!server || !this.kernel) return;
      const comm_id = this.unique(), data = { ...noted, network: this.network };
      const texts = [this.message("comm_open", { comm_id, target_name: LISTENER, data }), this.message("comm_close", { comm_id, data: {} })];
      const connection = this.connected(server);
      const say = () => texts.forEach((text) => connection.send(text));
      connection.readyState === WebSocket.OPEN ? say() : connection.addEventListener("open", say);
      clearTimeout(this.leaving);
      this.leaving = setTimeout(() => connection.close(), PATIENCE);
    } catch {
      // a diary is a convenience: without it the game goes on
    }
  }

  connected({ baseUrl, wsUrl }) {
    if (this.connection?.readyState <= WebSocket.OPEN) return this.connection;
    const url = new URL(`${baseUrl}api/kernels/${this.kernel}/channels?session_id=${this.session}`, wsUrl || location.href);
    url.protocol = url.protocol.replace("http", "ws");
    return (this.connection = new WebSocket(url));
  }

  message(msg_type, content) {
    const header = { msg_id: this.unique(), msg_type, username: "", session: this.session, date: new Date().toISOString(), version: "5.3" };
    return JSON.stringify({ channel: "shell", header, parent_header: {}, metadata: {}, content, buffers: [] });
  }
}
