//! Two chains, proxies before their nodes, and a relayer: each a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use tern_e2e::{run, tail, wait, Process, Signal, RELAYER};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::chain::{Order, Report};
use crate::fault::{Fault, CHAINS};
use crate::proxy::{Behaviour, Mode, Protocol, Proxy};
use crate::tally::Totals;

const DENOMS: [&str; 2] = ["uakt", "ukava"];
const START_LIMIT: Duration = Duration::from_secs(60);
/// A channel takes a dozen blocks.
const COMMAND_LIMIT: Duration = Duration::from_secs(300);
/// The relayer finishes its work when it is asked to end.
const END_LIMIT: Duration = Duration::from_secs(60);

/// Fields are dropped in their order: the relayer goes before the chains.
pub struct Network {
    relayer: Process,
    chains: [Chain; 2],
    tern: Tern,
}

impl Network {
    /// Starts everything and opens a channel.
    pub fn start(
        runtime: &Runtime,
        folder: &Path,
        tern: PathBuf,
        block_time: Duration,
    ) -> Result<Self> {
        let chains = [0, 1].map(|index| Chain::start(runtime, folder, index, block_time));
        let [a, b] = chains;
        let chains = [a?, b?];
        let tern = Tern {
            program: tern,
            home: folder.join("home"),
            log: folder.join("tern.log"),
        };
        tern.configure(&chains)?;
        tern.command(&["channel", "open", &chains[0].id, &chains[1].id])?;
        Ok(Self {
            relayer: tern.start()?,
            chains,
            tern,
        })
    }

    pub fn home(&self) -> &Path {
        &self.tern.home
    }

    pub fn relayer(&self) -> u32 {
        self.relayer.id()
    }

    /// Fails if a process has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.relayer.ended()? {
            bail!("tern ended ({status}):\n{}", tail(&self.tern.log, 40));
        }
        for chain in &mut self.chains {
            if let Some(status) = chain.process.ended()? {
                bail!("{} ended ({status}):\n{}", chain.id, tail(&chain.log, 40));
            }
        }
        Ok(())
    }

    /// Half of the packets on each chain.
    pub fn send(&mut self, packets_per_second: f64) -> Result<()> {
        for chain in &mut self.chains {
            let packets_per_second = packets_per_second / 2.0;
            let order = serde_json::to_string(&Order { packets_per_second })?;
            let told = writeln!(chain.orders, "{order}");
            told.with_context(|| format!("{} takes no orders", chain.id))?;
        }
        Ok(())
    }

    /// What each chain's blocks said so far.
    pub fn totals(&self) -> [Totals; 2] {
        self.chains.each_ref().map(|chain| chain.report().totals)
    }

    pub fn begin(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Kill => {
                self.relayer.kill()?;
                self.relayer = self.tern.start()?;
            }
            Fault::Stop => {
                self.stop_relayer()?;
                self.relayer = self.tern.start()?;
            }
            Fault::Suspend => self.relayer.signal(Signal::Stop)?,
            Fault::ChainHangs(chain) => self.chains[chain].process.signal(Signal::Stop)?,
            Fault::Cut(chain) => self.chains[chain].set(Mode::Cut),
            Fault::Answers(chain, answer) => self.chains[chain].set(Mode::Answer(answer)),
            Fault::WebSockets => {
                for chain in &self.chains {
                    chain.behaviour.send_modify(|now| now.websockets += 1);
                }
            }
        }
        Ok(())
    }

    pub fn end(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Suspend => self.relayer.signal(Signal::Continue)?,
            Fault::ChainHangs(chain) => self.chains[chain].process.signal(Signal::Continue)?,
            Fault::Cut(chain) | Fault::Answers(chain, _) => self.chains[chain].set(Mode::Pass),
            Fault::Kill | Fault::Stop | Fault::WebSockets => {}
        }
        Ok(())
    }

    /// Asks the relayer to end, which must be an end without an error.
    pub fn stop_relayer(&mut self) -> Result<()> {
        self.relayer.signal(Signal::Term)?;
        let status = self.relayer.wait(END_LIMIT);
        let status = status.with_context(|| tail(&self.tern.log, 40))?;
        ensure!(
            status.success(),
            "tern was asked to end and ended with {} (signal {:?}):\n{}",
            status.code().unwrap_or_default(),
            status.signal(),
            tail(&self.tern.log, 40)
        );
        Ok(())
    }
}

/// A chain's process, and the proxies before it.
struct Chain {
    id: String,
    process: Process,
    log: PathBuf,
    orders: TcpStream,
    newest: Arc<Mutex<Report>>,
    behaviour: watch::Sender<Behaviour>,
    rpc: Proxy,
    grpc: Proxy,
}

impl Chain {
    fn start(runtime: &Runtime, folder: &Path, index: usize, block_time: Duration) -> Result<Self> {
        let id = format!("{}-soak", CHAINS[index]);
        let control = TcpListener::bind("127.0.0.1:0")?;
        let log = folder.join(format!("{id}.log"));
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["chain", &id, CHAINS[index], CHAINS[1 - index]]);
        command.args([
            DENOMS[index],
            &humantime::format_duration(block_time).to_string(),
        ]);
        command.arg(control.local_addr()?.port().to_string());
        let process = Process::start_with_log(&mut command, &log)?;
        control.set_nonblocking(true)?;
        let connected = wait::until("a chain to connect", START_LIMIT, || {
            match control.accept() {
                Ok((connection, _)) => Ok(Some(connection)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(error.into()),
            }
        });
        let orders = connected.with_context(|| tail(&log, 40))?;
        orders.set_nonblocking(false)?;
        let newest = Arc::new(Mutex::new(Report::default()));
        let (reports, kept) = (BufReader::new(orders.try_clone()?), newest.clone());
        // It ends with the connection.
        std::thread::spawn(move || keep_newest(reports, &kept));
        let report = wait::until("the first block of a chain", START_LIMIT, || {
            let report = lock(&newest).clone();
            Ok((report.totals.height > 0).then_some(report))
        });
        let report = report.with_context(|| tail(&log, 40))?;
        let (behaviour, watched) = watch::channel(Behaviour::default());
        let proxy = |port, protocol| Proxy::open(runtime, port, protocol, watched.clone());
        Ok(Self {
            rpc: proxy(report.rpc, Protocol::Rpc)?,
            grpc: proxy(report.grpc, Protocol::Grpc)?,
            id,
            process,
            log,
            orders,
            newest,
            behaviour,
        })
    }

    fn report(&self) -> Report {
        lock(&self.newest).clone()
    }

    fn set(&self, mode: Mode) {
        self.behaviour.send_modify(|now| now.mode = mode);
    }
}

/// Reads until the chain is gone, which [`Network::check`] sees.
fn keep_newest(reports: impl BufRead, newest: &Mutex<Report>) {
    let reports = reports.lines().map_while(Result::ok);
    for report in reports.map_while(|line| serde_json::from_str(&line).ok()) {
        *lock(newest) = report;
    }
}

fn lock(report: &Mutex<Report>) -> MutexGuard<'_, Report> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program, as an operator has it.
struct Tern {
    program: PathBuf,
    home: PathBuf,
    /// Outside of the home folder: what is watched there is Tern's own.
    log: PathBuf,
}

impl Tern {
    /// Writes a configuration with the fields that have no default, and adds the keys.
    fn configure(&self, chains: &[Chain; 2]) -> Result<()> {
        let (key, mnemonic) = RELAYER;
        std::fs::create_dir_all(&self.home)?;
        let mut text = String::new();
        for (index, chain) in chains.iter().enumerate() {
            let (id, prefix, denom) = (&chain.id, CHAINS[index], DENOMS[index]);
            let (rpc, grpc) = (chain.rpc.port, chain.grpc.port);
            text += &format!(
                "[[chain]]\nid = \"{id}\"\nrpc = \"http://127.0.0.1:{rpc}\"\n\
                 grpc = \"http://127.0.0.1:{grpc}\"\naccount_prefix = \"{prefix}\"\n\
                 gas_price = \"0.025{denom}\"\nkey = \"{key}\"\n\n"
            );
        }
        std::fs::write(self.home.join("config.toml"), text)?;
        let words = self.log.with_file_name("mnemonic");
        std::fs::write(&words, mnemonic)?;
        for chain in chains {
            let words = words.to_string_lossy();
            self.command(&["keys", "add", &chain.id, "--mnemonic-file", &words])?;
        }
        Ok(())
    }

    fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(&self.home).args(args);
        // What is kept of the log is read by people.
        command.env("TERN_LOG_FORMAT", "text");
        command
    }

    /// Runs a command that must succeed.
    fn command(&self, args: &[&str]) -> Result<()> {
        let output = run(&mut self.program(args), COMMAND_LIMIT)?;
        ensure!(
            output.status.success(),
            "tern {args:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    fn start(&self) -> Result<Process> {
        Process::start_with_log(&mut self.program(&["start"]), &self.log)
    }
}
