"""Looks at pages in Chromium, by the DevTools protocol over a pipe.

browser.py FOLDER PAGE...: what it sees goes to FOLDER/NAME.json for each NAME.html, with
pictures beside it, a print, and whatever the browser asked of the network or complained of.
"""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

WIDTHS = (390, 900, 1600)
PATIENCE = 300


class Browser:
    """One Chromium without a network: names resolve to nothing."""

    def __init__(self, profile):
        self.serial = 0
        self.events = []
        self.buffer = b""
        read_by_it, to_it = os.pipe()
        from_it, written_by_it = os.pipe()
        self.to_it, self.from_it = to_it, from_it

        def place():
            # Descriptors 3 and 4 are the protocol's. Neither of the two may be in the other's way.
            commands, answers = os.dup(read_by_it), os.dup(written_by_it)
            high = max(commands, answers, 10) + 1
            os.dup2(commands, high)
            os.dup2(answers, high + 1)
            os.dup2(high, 3)
            os.dup2(high + 1, 4)
            os.closerange(5, 1024)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=place, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_by_it)
        os.close(written_by_it)

    def message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.from_it, 1 << 20)
            if not piece:
                raise EOFError("chromium has gone")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        self.serial += 1
        request = {"id": self.serial, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self.to_it, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.serial:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def end(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Page:
    """A tab with one file in it."""

    def __init__(self, browser, path):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        browser.events.clear()
        self.size(1600, "light")
        self.call("Page.navigate", url=path.as_uri())
        browser.wait_for("Page.loadEventFired")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def size(self, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1,
                  mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key, text=""):
        code = {"Tab": 9, "Enter": 13}[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def picture(self, path):
        height = min(self.value("document.documentElement.scrollHeight"), 2500)
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": self.value("innerWidth"), "height": height, "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))

    def troubles(self):
        """What was logged, thrown or asked of the network, the page itself left out."""
        found = []
        for event in self.browser.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                          "Page.javascriptDialogOpening", "Page.frameAttached"):
                found.append(f"{method} {json.dumps(parameters)[:300]}")
            elif method == "Network.requestWillBeSent" and parameters.get("type") != "Document":
                found.append(f"request {parameters['request']['url'][:200]}")
        return found


# Whether nothing but the tables' own boxes is wider than the screen.
WIDE = """[document.documentElement.scrollWidth, document.documentElement.clientWidth,
    [...document.querySelectorAll("body *")].filter((e) => !e.closest(".box") &&
        e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 5).map((e) => e.tagName + "." + e.className)]"""

# Text that is too faint: the contrast of WCAG 2, against the nearest background.
FAINT = """(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = (color) => color.slice(0, 3).map((v) => v / 255)
        .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (e) => {
        for (; e; e = e.parentElement) {
            const color = rgb(getComputedStyle(e).backgroundColor);
            if (color[3] === 255)
                return color;
        }
        return [255, 255, 255, 255];
    };
    const seen = new Map();
    for (const e of document.querySelectorAll("body *")) {
        if (e.closest("title, option, script, style") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            continue;
        const style = getComputedStyle(e);
        const [a, b] = [light(rgb(e.closest("svg") ? style.fill : style.color)), light(behind(e))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5)
            seen.set(e.tagName + "." + (e.className.baseVal ?? e.className), contrast.toFixed(2));
    }
    return [...seen].slice(0, 10);
})()"""

CONNECTIONS = "[...document.querySelectorAll('#connections-table tbody')]"
COLUMN = "[...document.querySelectorAll('#%s tbody tr:first-child')].map((r) => r.cells[%d].dataset.v ?? r.cells[%d].textContent)"
ROWS = "[...document.querySelectorAll('#%s tbody tr')].map((r) => r.cells[%d].dataset.v ?? r.cells[%d].textContent)"


def look(browser, path, folder):
    """All that is seen of a page."""
    name = path.stem
    page = Page(browser, path)
    seen = {"overflow": {}, "faint": {}, "answer_ends": {}}
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            page.size(width, scheme)
            full, own, wide = page.value(WIDE)
            seen["overflow"][f"{width} {scheme}"] = {"body": full - own, "parts": wide}
            seen["answer_ends"][str(width)] = page.value("document.querySelector('.answer')?.getBoundingClientRect().bottom ?? 1e9")
            page.picture(folder / f"{name}-{width}-{scheme}.png")
        seen["faint"][scheme] = page.value(FAINT)
    page.size(1600, "light")
    seen["title"] = page.value("document.title")
    seen["text"] = page.value("document.body.textContent")
    seen["elements"] = page.value("[...new Set([...document.querySelectorAll('*')].map((e) => e.localName))].sort()")
    seen["handlers"] = page.value(
        "[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]).filter((a) => /^on|^style$|^srcdoc$/i.test(a.name)).length")
    seen["links"] = page.value("[...document.querySelectorAll('[href],[src],[action]')].map((e) => e.getAttribute('href') ?? e.outerHTML).filter((h) => !h.startsWith('#'))")
    seen["broken"] = page.value("[...document.querySelectorAll('a')].map((a) => a.getAttribute('href')).filter((h) => !document.getElementById(h.slice(1)))")
    seen["marks"] = page.value("Object.keys(window).filter((k) => k.startsWith('pwned'))")
    seen["svg"] = page.value("document.querySelectorAll('#time svg rect').length")
    seen["policy"] = page.value("document.querySelector('meta[http-equiv]')?.content")
    if page.value("document.getElementById('connections-table') !== null"):
        seen["sorting"] = sort(page)
        seen["filter"] = use_filter(page)
        seen["folding"] = fold(page)
    seen["before_print"] = page.troubles()
    page.value("addEventListener('beforeprint', () => { window.unfolded = document.querySelectorAll('details.cause[open]').length; })")
    sheet = base64.b64decode(page.call("Page.printToPDF", printBackground=True)["data"])
    (folder / f"{name}.pdf").write_bytes(sheet)
    seen["unfolded_for_print"] = page.value("window.unfolded ?? 0")
    seen["pages"] = sheet.count(b"/Type /Page\n") + sheet.count(b"/Type /Page/")
    # A script that is not the page's own is refused: the policy holds.
    seen["foreign_script"] = page.value("""(() => {
        const script = document.createElement("script");
        script.textContent = "window.foreign = 1";
        document.body.append(script);
        return window.foreign ?? 0;
    })()""")
    (folder / f"{name}.json").write_text(json.dumps(seen, indent=1))


def sort(page):
    """By mouse and by keyboard; the connections, which are bodies, and the causes, which are rows."""
    seen = {"records": [], "time": [], "keyboard": None}
    head = "document.querySelectorAll('#connections-table th')[%d]"
    seen["before"] = page.value(COLUMN % ("connections-table", 0, 0))
    for _ in range(2):
        page.value((head % 6) + ".querySelector('button').click()")
        seen["records"].append([page.value((head % 6) + ".getAttribute('aria-sort')"), page.value(COLUMN % ("connections-table", 6, 6))])
    page.value((head % 0) + ".querySelector('button').click()")
    seen["time"] = [page.value((head % 0) + ".getAttribute('aria-sort')"), page.value(COLUMN % ("connections-table", 0, 0))]
    page.value("document.querySelector('#causes .box').focus()")
    page.press("Tab")
    page.press("Enter", "\r")
    seen["keyboard"] = [page.value("document.activeElement.textContent"), page.value("document.querySelector('#causes-table th').getAttribute('aria-sort')"),
                        page.value(ROWS % ("causes-table", 0, 0))]
    return seen


def use_filter(page):
    """By words, level and cause; how many rows each leaves, and what is said of it."""
    seen = {"visible": page.value("!document.querySelector('form.filter').hidden")}
    seen["all"] = page.value(CONNECTIONS + ".length")
    shown = CONNECTIONS + ".filter((b) => b.checkVisibility())"
    put = "(() => { const e = document.querySelector('form.filter').elements.%s; e.value = %s; e.dispatchEvent(new Event('input', { bubbles: true })); })()"
    for field, text in (("text", "6379 worker"), ("text", "nothing-has-this"), ("level", "3"), ("cause", "peer-reset")):
        page.value(put % (field, json.dumps(text)))
        seen[f"{field} {text}"] = {"rows": page.value(shown + ".map((b) => b.rows[0].innerText)"),
                                   "said": page.value("document.querySelector('form.filter output').value")}
        page.value(put % (field, '""'))
    return seen


def fold(page):
    """The link to a cause unfolds its explanation; a row unfolds its records."""
    link = "document.querySelector('#causes-table tbody a')"
    page.value(link + ".click()")
    page.value("new Promise((done) => setTimeout(done, 50))")
    opened = page.value(f"document.querySelector({link}.getAttribute('href')).open")
    page.value(CONNECTIONS + "[0].querySelector('summary').click()")
    return {"cause": opened, "records": page.value(CONNECTIONS + "[0].querySelector('ol').checkVisibility()")}


def main():
    folder = pathlib.Path(sys.argv[1])
    signal.alarm(PATIENCE)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            for path in sys.argv[2:]:
                look(browser, pathlib.Path(path).resolve(), folder)
        finally:
            browser.end()


if __name__ == "__main__":
    main()
