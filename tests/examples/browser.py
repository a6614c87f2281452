#!/usr/bin/env python3
"""browser.py sse|chat ADDRESS - what a person would do with the example's page, in a real browser:
headless Chromium, driven over WebDriver."""
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request


class Browser:
    def __init__(self, profile):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.driver.stdout:
            started = re.search(r"successfully on port (\d+)", line)
            if started:
                self.base = f"http://127.0.0.1:{started.group(1)}"
                break
        # Started here, and named by its number: the driver would look for it under "localhost", which
        # a machine without /etc/hosts does not know.
        self.chromium = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
             f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL)
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"debuggerAddress": f"127.0.0.1:{self.port(profile)}"}}}})
        self.base += "/session/" + answer["sessionId"]

    @staticmethod
    def port(profile):
        for _ in range(300):
            try:
                with open(f"{profile}/DevToolsActivePort") as file:
                    lines = file.read().split()
                if lines:
                    return lines[0]
            except FileNotFoundError:
                pass
            time.sleep(0.1)
        sys.exit("browser: chromium does not start")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self.call("POST", "/url", {"url": address})

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def items(self):
        return self.run("return [...document.querySelectorAll('li')].map(item => item.textContent)")

    def wait_for(self, wanted, what):
        for _ in range(300):
            items = self.items()
            if wanted(items):
                return items
            time.sleep(0.1)
        sys.exit(f"browser: {what}; the page shows {self.items()}")

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            for process in self.chromium, self.driver:
                process.terminate()
                process.wait()


def sse(browser, address):
    browser.open(address)
    items = browser.wait_for(lambda items: len(items) >= 3, "no three events came")
    if items[:3] != [f"{i}: 100 ms have passed" for i in (1, 2, 3)]:
        sys.exit(f"browser: the events are not as they were sent: {items}")


def chat(browser, address):
    browser.open(address)
    browser.wait_for(lambda items: "connected" in items, "the first page does not connect")
    first = browser.call("GET", "/window")
    second = browser.call("POST", "/window/new", {"type": "tab"})["handle"]
    browser.call("POST", "/window", {"handle": second})
    browser.open(address)
    browser.wait_for(lambda items: "connected" in items, "the second page does not connect")
    browser.run("document.getElementById('text').value = 'h\u00e9llo';"
                "document.getElementById('form').requestSubmit()")
    browser.wait_for(lambda items: "h\u00e9llo" in items, "who spoke does not hear it")
    browser.call("POST", "/window", {"handle": first})
    browser.wait_for(lambda items: "h\u00e9llo" in items, "the other one does not hear it")
    browser.run("socket.send('x'.repeat(5000))")
    browser.wait_for(lambda items: "closed 1009" in items, "what is too large is not refused")


def main():
    what, address = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            {"sse": sse, "chat": chat}[what](browser, address)
        finally:
            browser.close()
    print(f"browser: {what}: everything as expected")


main()
