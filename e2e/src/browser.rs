//! A browser without a window: Debian's Chromium, spoken to by WebDriver.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use url::{ParseError, Url};

use crate::process::{self, Process};
use crate::wait;

/// Enough for a browser on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
const MISSING: &str = "the page is tested in Chromium: `apt-get install chromium chromium-driver`";
/// A picture of a whole page is not higher than this.
const HEIGHT_MAX: u64 = 6_000;

/// A running browser with one tab. Dropping it ends it.
pub struct Browser {
    runtime: Runtime,
    /// `None` once it is closed.
    client: Option<Client>,
    driver: Process,
    /// Its profile, deleted after its end.
    _folder: TempDir,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub width: u64,
    pub is_dark: bool,
}

impl Browser {
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("driver.log");
        let mut command = Command::new("chromedriver");
        let driver = Process::start_with_log(command.arg("--port=0"), &log).context(MISSING)?;
        let port = wait::until("chromedriver to listen", LIMIT, || {
            let said = std::fs::read_to_string(&log)?;
            let after = said.split("started successfully on port ").nth(1);
            let port = after.and_then(|rest| rest.split(['.', '\n']).next()?.parse::<u16>().ok());
            Ok(port)
        });
        let port = port.with_context(|| process::tail(&log, 20))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let capabilities = capabilities(&folder.path().join("profile"));
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            let address = format!("http://127.0.0.1:{port}");
            builder.capabilities(capabilities).connect(&address).await
        });
        Ok(Self {
            client: Some(client.context(MISSING)?),
            runtime,
            driver,
            _folder: folder,
        })
    }

    fn client(&self) -> Result<&Client> {
        self.client.as_ref().context("the browser is closed")
    }

    pub fn open(&self, address: &str) -> Result<()> {
        let going = self.client()?.goto(address);
        self.runtime
            .block_on(going)
            .with_context(|| format!("cannot open {address}"))
    }

    pub fn address(&self) -> Result<String> {
        let address = self.client()?.current_url();
        Ok(self.runtime.block_on(address)?.to_string())
    }

    /// Runs a function's body in the page; what it returns.
    pub fn run(&self, script: &str, args: Vec<Value>) -> Result<Value> {
        let running = self.client()?.execute(script, args);
        let result = self.runtime.block_on(running);
        result.with_context(|| format!("cannot run {script}"))
    }

    pub fn click(&self, selector: &str) -> Result<()> {
        let client = self.client()?;
        let clicking = async { client.find(Locator::Css(selector)).await?.click().await };
        self.runtime
            .block_on(clicking)
            .with_context(|| format!("cannot click {selector}"))
    }

    /// Types a text into a field; `\u{e007}` is the Enter key.
    pub fn enter(&self, selector: &str, text: &str) -> Result<()> {
        let client = self.client()?;
        let typing = async {
            client
                .find(Locator::Css(selector))
                .await?
                .send_keys(text)
                .await
        };
        self.runtime
            .block_on(typing)
            .with_context(|| format!("cannot type into {selector}"))
    }

    /// The text of what is shown there; empty if there is nothing.
    pub fn text(&self, selector: &str) -> Result<String> {
        const SCRIPT: &str = "return document.querySelector(arguments[0])?.innerText ?? ''";
        let text = self.run(SCRIPT, vec![json!(selector)])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a text is shown there.
    pub fn shows(&self, selector: &str, text: &str, limit: Duration) -> Result<()> {
        let mut last = String::new();
        let shown = wait::until(&format!("`{text}` to be shown"), limit, || {
            last = self.text(selector)?;
            Ok(last.contains(text).then_some(()))
        });
        shown.with_context(|| format!("{selector} shows: {last}"))
    }

    /// From now on pages are looked at like this.
    pub fn look(&self, look: Look) -> Result<()> {
        self.size(look.width, 844)?;
        let scheme = if look.is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.command(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
    }

    fn size(&self, width: u64, height: u64) -> Result<()> {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.command("Emulation.setDeviceMetricsOverride", size)
    }

    /// Fails if the page is wider than its window.
    pub fn fits(&self) -> Result<()> {
        const SCRIPT: &str = "return [document.scrollingElement.scrollWidth, innerWidth]";
        let widths = self.run(SCRIPT, vec![])?;
        let (page, window) = (widths[0].as_f64(), widths[1].as_f64());
        ensure!(
            page <= window,
            "the page is wider than the window: {widths}"
        );
        Ok(())
    }

    /// A picture of the page as a PNG file: the whole of it, or as high as this.
    pub fn picture(&self, look: Look, height: Option<u64>, path: &Path) -> Result<()> {
        let whole = self.run("return document.scrollingElement.scrollHeight", vec![])?;
        let height = height.unwrap_or(whole.as_u64().unwrap_or_default());
        self.size(look.width, height.clamp(400, HEIGHT_MAX))?;
        let picture = self.runtime.block_on(self.client()?.screenshot())?;
        std::fs::write(path, picture)
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.look(look)
    }

    /// What the browser has complained about since the last call: errors of scripts, and what
    /// the content security policy forbade.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let log = self.ask("se/log", json!({ "type": "browser" }))?;
        let lines = log.as_array().context("no log")?.iter();
        // A status such as 404 is the answer to what was asked.
        let is_bad = |line: &&Value| line["level"] == "SEVERE" && line["source"] != "network";
        let bad = lines.filter(is_bad);
        Ok(bad.map(|line| line["message"].to_string()).collect())
    }

    /// A command of the Chrome DevTools Protocol.
    fn command(&self, name: &str, params: Value) -> Result<()> {
        let body = json!({ "cmd": name, "params": params });
        self.ask("goog/cdp/execute", body).map(drop)
    }

    fn ask(&self, path: &'static str, body: Value) -> Result<Value> {
        let asking = self.client()?.issue_cmd(Extension { path, body });
        let answer = self.runtime.block_on(asking);
        answer.with_context(|| format!("asking chromedriver for {path}"))
    }
}

impl Drop for Browser {
    /// Closes the browser, and then its driver: the other way round it would stay.
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let closing = async { tokio::time::timeout(LIMIT, client.close()).await };
            match self.runtime.block_on(closing) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => eprintln!("closing the browser: {error}"),
                Err(_) => eprintln!("closing the browser: not within {LIMIT:?}"),
            }
        }
        if let Err(error) = self.driver.end(LIMIT) {
            eprintln!("ending chromedriver: {error:#}");
        }
    }
}

fn capabilities(profile: &Path) -> Capabilities {
    let profile = format!("--user-data-dir={}", profile.display());
    let args = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
        &profile,
    ];
    let wanted = [
        ("browserName", json!("chrome")),
        ("goog:chromeOptions", json!({ "args": args })),
        ("goog:loggingPrefs", json!({ "browser": "ALL" })),
    ];
    wanted
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What chromedriver knows beyond WebDriver.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
