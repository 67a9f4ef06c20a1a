//! The ledger on disk: one sled tree, one batch for each commit.
//!
//! A batch holds the changes and the height they came from (`head/CHAIN`), so a
//! lost tail only means that blocks are read again. Only signed transactions
//! need to be on disk before something happens: [`Store::flush`].
//! Everything in here can be rebuilt from the chains; a store that cannot be read is
//! set aside, never deleted.

mod memory;
mod parts;

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tern_chains::ChainId;
use tern_core::ledger::{Change, PacketKey, View};
use tracing::warn;

use super::error::StoreError;
pub use memory::Memory;

/// Raised when the encoding changes; an older store is rebuilt.
const SCHEMA: u64 = 4;
const SCHEMA_KEY: &str = "schema";

/// The store of one home directory, of a simulation, or none at all.
pub struct Store {
    kept: Kept,
}

enum Kept {
    Nowhere,
    Memory(Memory),
    Disk(Disk),
}

struct Disk {
    path: PathBuf,
    db: sled::Db,
    /// Held for the store's life; the lock ends with the process.
    _lock: File,
}

impl Store {
    /// A store that forgets: for commands that run beside a daemon.
    pub fn none() -> Self {
        Self {
            kept: Kept::Nowhere,
        }
    }

    /// A store that outlives a simulated crash, and the ledger as it has it, with at most
    /// `packets_max` packets in memory.
    pub fn simulated(memory: &Memory, packets_max: usize) -> (Self, View) {
        let store = Self {
            kept: Kept::Memory(memory.clone()),
        };
        let mut view = memory.view();
        trim(&mut view, packets_max);
        (store, view)
    }

    /// Opens `home/store`, creating it where it is missing, and reads the
    /// ledger, with at most `packets_max` packets in memory. Blocking.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it open.
    pub fn open(home: &Path, packets_max: usize) -> Result<(Self, View), StoreError> {
        std::fs::create_dir_all(home).map_err(|source| StoreError::Create {
            path: home.to_owned(),
            source,
        })?;
        let lock = lock(home)?;
        let path = home.join("store");
        let (db, view) = match read(&path, packets_max) {
            Ok(read) => read,
            Err(Unreadable::Refused(error)) => return Err(error),
            Err(unreadable @ (Unreadable::Damaged(_) | Unreadable::Old(_))) => {
                let (reason, name) = unreadable.reason_and_name();
                let aside = set_aside(&path, name)?;
                warn!(
                    store = %path.display(), kept_as = %aside.display(), reason,
                    "the store cannot be read: it is renamed, and a new one is rebuilt from the chains"
                );
                read(&path, packets_max).map_err(|unreadable| unreadable.into_error(&path))?
            }
        };
        let disk = Disk {
            path,
            db,
            _lock: lock,
        };
        let kept = Kept::Disk(disk);
        Ok((Self { kept }, view))
    }

    /// Writes changes in one atomic batch. They are on disk within half a
    /// second, or lost together.
    pub fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let disk = match &self.kept {
            Kept::Nowhere => return Ok(()),
            Kept::Memory(memory) => {
                memory.commit(changes);
                return Ok(());
            }
            Kept::Disk(disk) => disk,
        };
        // The last one decides; parts of others must not stay.
        let stored = changes.iter().filter(|change| !change.is_volatile());
        let last: BTreeMap<String, &Change> = stored.map(|change| (change.key(), change)).collect();
        let mut batch = sled::Batch::default();
        for (key, change) in last {
            for old in disk.keys_of(&key)? {
                batch.remove(old);
            }
            if change.is_removal() {
                continue;
            }
            disk.write(&mut batch, change)?;
        }
        disk.db
            .apply_batch(batch)
            .map_err(|source| disk.write_error(source))
    }

    /// What is known of the chain `from` becomes what is known of `to`: the chain was
    /// upgraded. Returns the ledger as it is then, with at most `packets_max` packets in
    /// memory; none if nothing is kept.
    pub fn go_over(
        &self,
        from: &ChainId,
        to: &ChainId,
        packets_max: usize,
    ) -> Result<Option<View>, StoreError> {
        let disk = match &self.kept {
            Kept::Nowhere => return Ok(None),
            Kept::Memory(memory) => return Ok(Some(memory.go_over(from, to))),
            Kept::Disk(disk) => disk,
        };
        let went_over = disk.go_over(from, to, packets_max);
        went_over
            .map(Some)
            .map_err(|unreadable| unreadable.into_error(&disk.path))
    }

    /// Whether what is committed can be read back.
    pub fn keeps(&self) -> bool {
        !matches!(self.kept, Kept::Nowhere)
    }

    /// A packet's record as it was committed last, for the view.
    pub fn packet(&self, key: &PacketKey) -> Result<Option<Change>, StoreError> {
        let name = Change::Packet(key.clone(), None).key();
        let disk = match &self.kept {
            Kept::Nowhere => return Ok(None),
            Kept::Memory(memory) => return Ok(memory.read(&name)),
            Kept::Disk(disk) => disk,
        };
        let found = disk.get(&name)?;
        found
            .map(|bytes| serde_json::from_slice(&bytes))
            .transpose()
            .map_err(|source| StoreError::Decode { key: name, source })
    }

    /// Brings everything written so far to disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let disk = match &self.kept {
            Kept::Nowhere => return Ok(()),
            Kept::Memory(memory) => {
                // As on a disk, a crash can come before it is done.
                tokio::task::yield_now().await;
                memory.flush();
                return Ok(());
            }
            Kept::Disk(disk) => disk,
        };
        match disk.db.flush_async().await {
            Ok(_) => Ok(()),
            Err(source) => Err(disk.write_error(source)),
        }
    }
}

impl Disk {
    /// In batches. The head goes last: without its removal all is done once more.
    fn go_over(
        &self,
        from: &ChainId,
        to: &ChainId,
        packets_max: usize,
    ) -> Result<View, Unreadable> {
        let mut batch = sled::Batch::default();
        let mut heads = sled::Batch::default();
        let mut size = 0;
        for_each(&self.path, &self.db, |key, value| {
            let change = decode(key, value)?;
            let next = change.clone().over(from, to);
            if next.as_ref() == Some(&change) {
                return Ok(());
            }
            let name = change.key();
            let old = self.keys_of(&name).map_err(Unreadable::Refused)?;
            let removed = match change {
                Change::Head(..) => &mut heads,
                _ => &mut batch,
            };
            old.into_iter().for_each(|old| removed.remove(old));
            if let Some(next) = next {
                self.write(&mut batch, &next).map_err(Unreadable::Refused)?;
            }
            size += 1;
            if size % GO_OVER_EVERY == 0 {
                self.apply(std::mem::take(&mut batch))?;
            }
            Ok(())
        })?;
        self.apply(batch)?;
        self.apply(heads)?;
        view_of(&self.path, &self.db, packets_max)
    }

    fn apply(&self, batch: sled::Batch) -> Result<(), Unreadable> {
        let applied = self.db.apply_batch(batch);
        applied.map_err(|source| Unreadable::Refused(self.write_error(source)))
    }

    /// Adds a record to a batch, in parts.
    fn write(&self, batch: &mut sled::Batch, change: &Change) -> Result<(), StoreError> {
        let key = change.key();
        let value = serde_json::to_vec(change).map_err(|source| StoreError::Encode {
            key: key.clone(),
            source,
        })?;
        for (key, part) in parts::split(&key, &value) {
            batch.insert(key, part);
        }
        Ok(())
    }

    /// A value, its parts joined.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let first = self.db.get(key).map_err(|source| self.read_error(source))?;
        let Some(first) = first else {
            return Ok(None);
        };
        let mut whole = first.to_vec();
        if parts::may_go_on(&first) {
            for part in self.db.scan_prefix(parts::prefix(key.as_bytes())) {
                let (_, part) = part.map_err(|source| self.read_error(source))?;
                whole.extend_from_slice(&part);
            }
        }
        Ok(Some(whole))
    }

    /// The keys of all parts of a value; none if there is none.
    fn keys_of(&self, key: &str) -> Result<Vec<sled::IVec>, StoreError> {
        let first = self.db.get(key).map_err(|source| self.read_error(source))?;
        let Some(first) = first else {
            return Ok(vec![]);
        };
        let mut keys = vec![sled::IVec::from(key)];
        if parts::may_go_on(&first) {
            let rest = self.db.scan_prefix(parts::prefix(key.as_bytes())).keys();
            for rest in rest {
                keys.push(rest.map_err(|source| self.read_error(source))?);
            }
        }
        Ok(keys)
    }

    /// After a write that failed, sled answers every call with that failure, reads too,
    /// and a read may be the first to come after it.
    fn read_error(&self, source: sled::Error) -> StoreError {
        match &source {
            sled::Error::Io(error) if is_the_disks(error.kind()) => self.write_error(source),
            _ => StoreError::Read {
                path: self.path.clone(),
                source,
            },
        }
    }

    fn write_error(&self, source: sled::Error) -> StoreError {
        StoreError::Write {
            path: self.path.clone(),
            source,
        }
    }
}

fn lock(home: &Path) -> Result<File, StoreError> {
    let path = home.join("lock");
    let create = |source| StoreError::Create {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(create)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: home.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(create(source)),
    }
}

enum Unreadable {
    Damaged(String),
    /// Of an older version of Tern.
    Old(String),
    /// There is nothing wrong with it: it must stay as it is.
    Refused(StoreError),
}

fn read(path: &Path, packets_max: usize) -> Result<(sled::Db, View), Unreadable> {
    let db = open_sled(path)?;
    check_schema(path, &db)?;
    let view = view_of(path, &db, packets_max)?;
    Ok((db, view))
}

/// The ledger as the store has it.
fn view_of(path: &Path, db: &sled::Db, packets_max: usize) -> Result<View, Unreadable> {
    let mut view = View::default();
    let mut read = 0;
    for_each(path, db, |key, value| {
        restore(&mut view, &decode(key, value)?);
        read += 1;
        if read % TRIM_EVERY == 0 {
            trim(&mut view, packets_max);
        }
        Ok(())
    })?;
    trim(&mut view, packets_max);
    Ok(view)
}

/// Every value with its key, its parts joined.
fn for_each(
    path: &Path,
    db: &sled::Db,
    mut take: impl FnMut(&[u8], &[u8]) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut whole: Option<(sled::IVec, Vec<u8>)> = None;
    for entry in db.iter() {
        let (key, value) = entry.map_err(|error| Unreadable::of(path, error))?;
        if key == SCHEMA_KEY.as_bytes() {
            continue;
        }
        match &mut whole {
            Some((of, whole)) if parts::is_part_of(&key, of) => whole.extend_from_slice(&value),
            _ => {
                if let Some((key, value)) = whole.replace((key, value.to_vec())) {
                    take(&key, &value)?;
                }
            }
        }
    }
    match whole {
        Some((key, value)) => take(&key, &value),
        None => Ok(()),
    }
}

/// A stored record.
fn decode(key: &[u8], value: &[u8]) -> Result<Change, Unreadable> {
    serde_json::from_slice(value)
        .map_err(|error| Unreadable::Damaged(format!("{}: {error}", String::from_utf8_lossy(key))))
}

/// A record as it was kept. Finished packets stay in the store alone.
fn restore(view: &mut View, change: &Change) {
    view.commit(change);
    if let Change::Packet(key, Some(record)) = change {
        if record.done.is_some() {
            view.evict(key);
        }
    }
}

/// No more packets come into memory than stay there. Intents are read last, so
/// some packets of theirs may be on the evicted: they come down with their facts.
fn trim(view: &mut View, packets_max: usize) {
    for key in view.to_evict(packets_max, |_| false) {
        view.evict(&key);
    }
}

/// How many records are read between two looks at how many there are.
const TRIM_EVERY: usize = 1_000;
/// How many records go over to another revision in one batch.
const GO_OVER_EVERY: usize = 1_000;

/// sled reports most damage as an error, but its recovery may also panic on it.
fn open_sled(path: &Path) -> Result<sled::Db, Unreadable> {
    let open = || {
        let opened = std::panic::catch_unwind(|| {
            sled::Config::default()
                .path(path)
                .cache_capacity(CACHE_BYTES)
                .flush_every_ms(Some(500))
                .open()
        });
        opened.map_err(|_| Unreadable::Damaged("recovery panicked".into()))
    };
    let mut tries = 1;
    loop {
        match open()? {
            Ok(db) => return Ok(db),
            // Our own lock is held, so nobody else has it open: whoever had is just ending.
            Err(error) if is_locked(&error) && tries < LOCKED_TRIES_MAX => {
                tries += 1;
                std::thread::park_timeout(LOCKED_PAUSE);
            }
            Err(error) if is_locked(&error) => {
                let path = path.to_owned();
                return Err(Unreadable::Refused(StoreError::InUse { path }));
            }
            Err(error) => return Err(Unreadable::of(path, error)),
        }
    }
}

/// sled has no other word for it than the text (`Config::try_lock`).
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

const LOCKED_TRIES_MAX: u32 = 50;
const LOCKED_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Little is read back: the packets on the evicted, each once.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;

fn check_schema(path: &Path, db: &sled::Db) -> Result<(), Unreadable> {
    let unreadable = |error: sled::Error| Unreadable::of(path, error);
    let found = db.get(SCHEMA_KEY).map_err(unreadable)?;
    let found = found
        .as_deref()
        .map(|bytes| <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes));
    match found {
        None if db.is_empty() => {
            db.insert(SCHEMA_KEY, &SCHEMA.to_be_bytes())
                .map_err(unreadable)?;
            Ok(())
        }
        Some(Ok(SCHEMA)) => Ok(()),
        Some(Ok(newer)) if newer > SCHEMA => Err(Unreadable::Refused(StoreError::Newer {
            path: path.to_owned(),
            found: newer,
            known: SCHEMA,
        })),
        Some(Ok(older)) => Err(Unreadable::Old(format!(
            "an older version of tern wrote it (schema {older}, this one reads {SCHEMA})"
        ))),
        _ => Err(Unreadable::Damaged("no readable schema version".into())),
    }
}

impl Unreadable {
    /// What sled's error means. A disk that is full or must not be written says nothing
    /// about the store: renamed, what was signed before would be lost.
    fn of(path: &Path, source: sled::Error) -> Self {
        match &source {
            sled::Error::Io(error) if is_the_disks(error.kind()) => {
                let path = path.to_owned();
                Self::Refused(StoreError::Disk { path, source })
            }
            _ => Self::Damaged(source.to_string()),
        }
    }

    fn into_error(self, path: &Path) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Damaged(reason) | Self::Old(reason) => StoreError::Open {
                path: path.to_owned(),
                source: sled::Error::Unsupported(reason),
            },
        }
    }

    /// Why, and what the store is called when it is set aside.
    fn reason_and_name(self) -> (String, &'static str) {
        match self {
            Self::Damaged(reason) => (reason, "damaged"),
            Self::Old(reason) => (reason, "old"),
            Self::Refused(error) => (error.to_string(), "refused"),
        }
    }
}

/// Whether a file cannot be written for a reason that is not in it.
fn is_the_disks(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::PermissionDenied
    )
}

fn set_aside(path: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let aside = (1u32..)
        .map(|number| path.with_extension(format!("{name}-{number}")))
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| path.with_extension(name));
    std::fs::rename(path, &aside).map_err(|source| StoreError::SetAside {
        path: path.to_owned(),
        source,
    })?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use tern_chains::{
        BlockTime, Body, ChainId, ChannelId, Deadline, End, Height, Packet, PortId, Timeout, TxHash,
    };
    use tern_core::ledger::{EndKey, Head, PacketRecord, TxKey, TxRecord};

    use super::*;

    fn head(height: u64) -> Change {
        let head = Head {
            height,
            time: BlockTime(height),
        };
        Change::Head(ChainId::from_string("akash-a"), head)
    }

    #[tokio::test]
    async fn what_is_known_of_an_upgraded_chain_goes_over_to_its_next_revision() {
        let [first, second] = ["akash-1", "akash-2"].map(ChainId::from_string);
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        let head = Head {
            height: 500,
            time: BlockTime(5),
        };
        let (key, packet) = sent(7);
        let packet = packet.over(&key.src.chain, &first).unwrap();
        let Change::Packet(first_key, _) = packet.clone() else {
            panic!("not a packet");
        };
        store
            .commit(&[Change::Head(first.clone(), head), packet])
            .unwrap();
        let view = store.go_over(&first, &second, 100).unwrap().unwrap();
        let moved = PacketKey {
            src: EndKey {
                chain: second.clone(),
                ..first_key.src.clone()
            },
            sequence: first_key.sequence,
        };
        assert!(view.packet(&moved).is_some());
        assert!(view.packet(&first_key).is_none());
        assert_eq!(view.head(&first), None);
        drop(store);
        let (store, read) = Store::open(home.path(), 100).unwrap();
        assert_eq!(read, view);
        assert!(store.packet(&first_key).unwrap().is_none());
        assert!(store.packet(&moved).unwrap().is_some());
    }

    #[tokio::test]
    async fn what_was_committed_is_read_back() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        store.commit(&[head(7)]).unwrap();
        store.flush().await.unwrap();
        drop(store);
        let (_, view) = Store::open(home.path(), 100).unwrap();
        let read = view.head(&ChainId::from_string("akash-a")).unwrap();
        assert_eq!(read.height, 7);
    }

    fn sent(sequence: u64) -> (PacketKey, Change) {
        let packet = Packet {
            src: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            dst: End::channel(&PortId::transfer(), &ChannelId::new(7)),
            sequence: sequence.into(),
            timeout: Timeout {
                height: Height::new(2, 0),
                timestamp_ns: 1,
            },
            body: Body::V1 {
                data: b"{}".to_vec(),
            },
        };
        let id = packet.id();
        let key = View::key_on_src(&ChainId::from_string("akash-a"), &id);
        let mut record = PacketRecord::new(id, ChainId::from_string("kava-a"));
        record.packet = Some(packet);
        record.sent = Some(7);
        (key.clone(), Change::Packet(key, Some(Box::new(record))))
    }

    #[test]
    fn of_a_flood_only_so_many_come_into_memory_and_the_rest_can_be_read() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 2).unwrap();
        let all: Vec<_> = (1..=5).map(sent).collect();
        let changes: Vec<_> = all.iter().map(|(_, change)| change.clone()).collect();
        store.commit(&changes).unwrap();
        drop(store);
        let (store, view) = Store::open(home.path(), 2).unwrap();
        let in_memory = |(key, _): &&(PacketKey, Change)| view.packet(key).is_some();
        assert_eq!(all.iter().filter(in_memory).count(), 2);
        for (key, change) in &all {
            assert_eq!(store.packet(key).unwrap().as_ref(), Some(change));
        }
        assert_eq!(store.packet(&sent(6).0).unwrap(), None);
    }

    fn signed(bytes: usize) -> (Change, Change) {
        let key = TxKey {
            chain: ChainId::from_string("akash-a"),
            hash: TxHash([7; 32]),
        };
        let tx = TxRecord {
            signer: "akash1".to_owned(),
            account_sequence: 1,
            deadline: Deadline::Height(9),
            items: vec![],
            updates: 0,
            is_unasked: false,
            fee: 7,
            bytes: vec![7; bytes],
        };
        (Change::Tx(key.clone(), Some(tx)), Change::Tx(key, None))
    }

    /// A value that sled would keep in a file of its own, which it does not always delete.
    #[test]
    fn a_large_transaction_is_kept_in_small_entries_and_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let entries = |store: &Store| match &store.kept {
            Kept::Disk(disk) => disk.db.iter().map(Result::unwrap).collect::<Vec<_>>(),
            _ => vec![],
        };
        let (store, _) = Store::open(home.path(), 100).unwrap();
        let (sent, removed) = signed(500_000);
        store.commit(std::slice::from_ref(&sent)).unwrap();
        let all = entries(&store);
        assert!(all.len() > 200);
        assert!(all
            .iter()
            .all(|(_, value)| value.len() <= parts::PART_BYTES));
        drop(store);
        let (store, view) = Store::open(home.path(), 100).unwrap();
        assert_eq!(
            view.txs().map(|(_, tx)| tx.bytes.len()).collect::<Vec<_>>(),
            [500_000]
        );
        let (smaller, _) = signed(1);
        store.commit(&[sent, smaller]).unwrap();
        assert_eq!(entries(&store).len(), 2, "with the version of the schema");
        store.commit(&[removed]).unwrap();
        assert_eq!(entries(&store).len(), 1);
    }

    #[test]
    fn a_large_packet_is_read_back() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        let (key, mut change) = sent(1);
        if let Change::Packet(_, Some(record)) = &mut change {
            if let Some(packet) = &mut record.packet {
                packet.body = Body::V1 {
                    data: vec![7; 100_000],
                };
            }
        }
        store.commit(&[change.clone()]).unwrap();
        assert_eq!(store.packet(&key).unwrap(), Some(change));
    }

    #[test]
    fn a_store_that_is_just_being_closed_is_waited_for_and_not_set_aside() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        store.commit(&[head(1)]).unwrap();
        drop(store);
        let closing = loop {
            if let Ok(db) = sled::open(home.path().join("store")) {
                break db;
            }
        };
        let closed = std::thread::spawn(move || {
            std::thread::park_timeout(LOCKED_PAUSE * 2);
            drop(closing);
        });
        let (_, view) = Store::open(home.path(), 100).unwrap();
        closed.join().unwrap();
        assert_ne!(view, View::default());
        assert!(!home.path().join("store.damaged-1").exists());
    }

    #[test]
    fn a_store_in_use_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let _open = Store::open(home.path(), 100).unwrap();
        assert!(matches!(
            Store::open(home.path(), 100),
            Err(StoreError::InUse { .. })
        ));
    }

    #[test]
    fn a_full_disk_is_not_taken_for_damage() {
        let meaning =
            |kind: ErrorKind| Unreadable::of(Path::new("store"), sled::Error::Io(kind.into()));
        for kind in [
            ErrorKind::StorageFull,
            ErrorKind::FileTooLarge,
            ErrorKind::PermissionDenied,
        ] {
            let refused = meaning(kind);
            let Unreadable::Refused(error @ StoreError::Disk { .. }) = refused else {
                panic!("{kind:?} is taken for damage");
            };
            assert!(error.to_string().contains("is the disk full"), "{error}");
        }
        let cut = meaning(ErrorKind::UnexpectedEof);
        assert!(matches!(cut, Unreadable::Damaged(_)));
    }

    #[test]
    fn a_read_that_meets_the_failure_of_a_write_says_that_the_disk_is_full() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        let Kept::Disk(disk) = &store.kept else {
            panic!("not on disk");
        };
        let told = |kind: ErrorKind| disk.read_error(sled::Error::Io(kind.into()));
        let full = told(ErrorKind::FileTooLarge);
        assert!(full.to_string().contains("is the disk full"), "{full}");
        let cut = told(ErrorKind::UnexpectedEof);
        assert!(matches!(cut, StoreError::Read { .. }), "{cut}");
    }

    #[test]
    fn a_damaged_store_is_set_aside_and_a_new_one_opened() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("conf"), b"not a sled configuration").unwrap();
        std::fs::write(path.join("db"), vec![0xA5; 4096]).unwrap();
        let (store, view) = Store::open(home.path(), 100).unwrap();
        assert_eq!(view, View::default());
        store.commit(&[head(1)]).unwrap();
        assert!(home.path().join("store.damaged-1").join("db").exists());
    }

    #[test]
    fn a_store_of_an_older_version_is_set_aside_as_old() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        let Kept::Disk(Disk { db, .. }) = &store.kept else {
            panic!("not on disk");
        };
        db.insert(SCHEMA_KEY, &(SCHEMA - 1).to_be_bytes()).unwrap();
        db.flush().unwrap();
        drop(store);
        let (_, view) = Store::open(home.path(), 100).unwrap();
        assert_eq!(view, View::default());
        assert!(home.path().join("store.old-1").exists());
    }

    #[test]
    fn a_record_that_cannot_be_read_counts_as_damage() {
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(home.path(), 100).unwrap();
        let Kept::Disk(Disk { db, .. }) = &store.kept else {
            panic!("not on disk");
        };
        db.insert("head/akash-a", b"{".as_slice()).unwrap();
        db.flush().unwrap();
        drop(store);
        let (_, view) = Store::open(home.path(), 100).unwrap();
        assert_eq!(view, View::default());
    }
}
