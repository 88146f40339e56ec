//! A file that only grows: groups of entries, each group written at once.
//!
//! In: byte strings. Out: the same byte strings, or the place where the file stops making sense. Refuses to know:
//! what the bytes are.
//!
//! ```text
//! file  = group*
//! group = length: u32 LE | empty: u32 LE | 4 bytes of BLAKE3 over both | entry+ | 0xE4
//! entry = length: u32 LE | 8 bytes of BLAKE3 over length and payload | payload
//! ```
//!
//! The length of a group counts its entries and the end mark; `empty` counts the pages of the file that lie in the
//! group and hold nothing but zeros because that is what was appended: whoever orders bytes may order zeros.
//!
//! # What is cut off and what is refused
//!
//! What was synced may have been promised to others, so a replica must never lose it unnoticed; what was not synced
//! may be half there after a crash, or have holes of zeros after a power cut, and was promised to nobody. When a
//! file is opened:
//!
//! - Fewer bytes than a group's head, or a good head with too few bytes behind it: the write was cut short. Cut off.
//! - Only zeros up to the end of the file: space that was never written. Cut off.
//! - The last group, reaching exactly the end of the file, is wrong somewhere, and more pages of it are zeros than its
//!   head says: a page was never written. Cut off. The page in which the group ends counts as far as it belongs to
//!   the group; the end mark is not zero, so that page is never honestly empty.
//! - Anything else is damage: the file is refused as it is. So is a head that was lost before a page that was kept,
//!   although a power cut can do that too: it cannot be told from damage, and a stopped replica harms nobody.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consensus::wire;
use serde::Serialize;

/// Bytes before each group: its length, its empty pages, and a check of these two alone.
const GROUP_HEAD: usize = 12;
/// The last byte of each group.
const GROUP_END: u8 = 0xE4;
/// Bytes before each payload: its length, and a check of both.
const HEAD: usize = 12;
/// A group that grew beyond this is closed and another begun, so that lengths stay far below 32 bits.
const GROUP_MAX: usize = 64 << 20;
/// The unit in which file systems write: after a power cut a page is there or it is zeros.
const PAGE: usize = 4 << 10;

/// An open log.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: Arc<File>,
    /// Bytes in the file once everything handed out is paid.
    length: u64,
    /// Bytes that are in the file.
    written: u64,
    /// Groups not yet handed to the operating system.
    buffer: Vec<u8>,
    /// Where in the buffer the last group begins, while it can grow.
    group: Option<usize>,
    /// Whether the file holds something that may not be durable.
    dirty: bool,
}

/// Something appended that is to reach the file, and to become durable if that is asked for.
#[derive(Debug)]
pub struct Debt {
    path: PathBuf,
    file: Arc<File>,
    bytes: Vec<u8>,
    offset: u64,
    durable: bool,
}

impl Debt {
    /// Writes it, and waits until it and everything before it is durable if that is asked for; whether it was.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`]; the process must stop then.
    pub fn pay(self) -> Result<bool, LogError> {
        let Self { path, file, bytes, offset, durable } = self;
        let pay = || {
            file.write_all_at(&bytes, offset)?;
            if durable { file.sync_data() } else { Ok(()) }
        };
        pay().map(|()| durable).map_err(|source| LogError::Io { path, source })
    }
}

/// Where one payload lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    offset: u64,
    length: u32,
}

/// A payload and where it lies.
pub type Frame = (Place, Vec<u8>);

/// A file that cannot be read as a log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The machine failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
    /// An entry is damaged, or the group that begins with it.
    #[error("{path}: entry {entry} at byte {offset} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of the entry, from 0.
        entry: usize,
        /// Where the damage begins.
        offset: u64,
    },
}

impl Log {
    /// Opens a log for appending, creating it if need be; returns its payloads with their places.
    ///
    /// # Errors
    ///
    /// [`LogError`]; nothing was changed then.
    pub fn open(path: &Path) -> Result<(Self, Vec<Frame>), LogError> {
        let io = |source| LogError::Io { path: path.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let found = parse(&bytes);
        if let Some(damage) = found.damage {
            return Err(damage.of(path));
        }
        let length = found.whole as u64;
        if length < bytes.len() as u64 {
            file.set_len(length).map_err(io)?;
            file.sync_all().map_err(io)?;
        }
        let frames = found.entries.iter().map(|place| (*place, place.of(&bytes).to_vec()));
        let frames = frames.collect();
        let (path, buffer) = (path.to_owned(), Vec::new());
        // What an earlier process wrote may still be in the machine's memory only.
        let dirty = length > 0;
        let file = Arc::new(file);
        let written = length;
        Ok((Self { path, file, length, written, buffer, group: None, dirty }, frames))
    }

    /// Appends a payload; it reaches the operating system with the next [`Log::flush`].
    pub fn append(&mut self, payload: &[u8]) -> Place {
        self.append_with(|buffer| buffer.extend_from_slice(payload))
    }

    /// Appends the canonical encoding of a value, like [`Log::append`].
    pub fn append_value(&mut self, value: &impl Serialize) -> Place {
        self.append_with(|buffer| wire::encode_into(buffer, value))
    }

    /// Appends what `write` appends to the buffer.
    fn append_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Place {
        if self.group.is_some_and(|begin| self.buffer.len() - begin > GROUP_MAX) {
            self.close_group();
        }
        if self.group.is_none() {
            self.group = Some(self.buffer.len());
            self.buffer.extend_from_slice(&[0; GROUP_HEAD]);
        }
        let head = self.buffer.len();
        self.buffer.extend_from_slice(&[0; HEAD]);
        write(&mut self.buffer);
        let (head, payload) = self.buffer[head..].split_at_mut(HEAD);
        let length = u32::try_from(payload.len()).expect("payloads are bounded far below 4 GiB");
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4..].copy_from_slice(&checksum(length, payload));
        let offset = self.length + (self.buffer.len() - length as usize) as u64;
        Place { offset, length }
    }

    /// Gives the open group its end and its head.
    fn close_group(&mut self) {
        let Some(begin) = self.group.take() else { return };
        self.buffer.push(GROUP_END);
        let length = self.buffer.len() - begin - GROUP_HEAD;
        let length = u32::try_from(length).expect("a group ends before it grows too long");
        let (head, entries) = self.buffer[begin..].split_at_mut(GROUP_HEAD);
        let empty = empty_pages(self.length + (begin + GROUP_HEAD) as u64, entries);
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4..8].copy_from_slice(&empty.to_le_bytes());
        head[8..].copy_from_slice(&head_check(length, empty));
    }

    /// Hands everything appended to the operating system. What [`Log::debt`] handed out is paid by then, or a hole
    /// would stay where it belongs if the process died.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`]; durability is in doubt then, and the process should stop.
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.close_group();
        let written = self.file.write_all_at(&self.buffer, self.length);
        written.map_err(|source| LogError::Io { path: self.path.clone(), source })?;
        self.dirty |= !self.buffer.is_empty();
        self.length += self.buffer.len() as u64;
        self.written = self.length;
        self.buffer.clear();
        Ok(())
    }

    /// Flushes and waits until everything is durable; answers whether there was anything to wait for.
    ///
    /// # Errors
    ///
    /// As [`Log::flush`].
    pub fn sync(&mut self) -> Result<bool, LogError> {
        self.flush()?;
        if self.dirty {
            let synced = self.file.sync_data();
            synced.map_err(|source| LogError::Io { path: self.path.clone(), source })?;
        }
        Ok(std::mem::take(&mut self.dirty))
    }

    /// Hands out what was appended, for somebody else to write and, if `durable`, to wait for; none if there is
    /// nothing to do. From then on it counts as done: whoever takes the debt stops the process if it cannot be paid,
    /// and says so with [`Log::paid`] before the next one is handed out.
    pub fn debt(&mut self, durable: bool) -> Option<Debt> {
        self.close_group();
        self.dirty |= !self.buffer.is_empty();
        let (bytes, offset) = (std::mem::take(&mut self.buffer), self.length);
        self.length += bytes.len() as u64;
        let durable = durable && std::mem::take(&mut self.dirty);
        let (path, file) = (self.path.clone(), self.file.clone());
        (durable || !bytes.is_empty()).then_some(Debt { path, file, bytes, offset, durable })
    }

    /// What was handed out is in the file.
    pub fn paid(&mut self) {
        self.written = self.length;
    }

    /// Reads one payload again; none if it is not in the file yet.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`].
    pub fn read(&self, place: Place) -> Result<Option<Vec<u8>>, LogError> {
        if place.offset + u64::from(place.length) > self.written {
            return Ok(None);
        }
        let mut payload = vec![0; place.length as usize];
        let read = self.file.read_exact_at(&mut payload, place.offset);
        read.map_err(|source| LogError::Io { path: self.path.clone(), source })?;
        Ok(Some(payload))
    }

    /// Replaces the file by one that holds only what `fill` appends, atomically and durably.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`]; the old file is still there then.
    pub fn replace(&mut self, fill: impl FnOnce(&mut Self)) -> Result<(), LogError> {
        let io = |source| LogError::Io { path: self.path.clone(), source };
        let fresh = self.path.with_extension("new");
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        let (mut log, _) = Self::open(&fresh)?;
        fill(&mut log);
        log.sync()?;
        std::fs::rename(&fresh, &self.path).map_err(io)?;
        sync_folder(&self.path).map_err(io)?;
        log.path.clone_from(&self.path);
        *self = log;
        Ok(())
    }

    /// Length of the file with everything appended, in bytes.
    pub fn len(&self) -> u64 {
        self.length + self.buffer.len() as u64
    }

    /// Whether something may not be durable yet.
    pub fn is_dirty(&self) -> bool {
        self.dirty || !self.buffer.is_empty()
    }

    /// Whether nothing was ever appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Place {
    fn of(self, bytes: &[u8]) -> &[u8] {
        let offset = usize::try_from(self.offset).expect("an offset into bytes in memory");
        &bytes[offset..offset + self.length as usize]
    }
}

/// Reads a whole log that nobody writes to.
///
/// # Errors
///
/// [`LogError`]; a group that is cut short counts as damage.
pub fn read_all(path: &Path) -> Result<Vec<Vec<u8>>, LogError> {
    let bytes =
        std::fs::read(path).map_err(|source| LogError::Io { path: path.to_owned(), source })?;
    let found = parse(&bytes);
    if let Some(damage) = found.damage {
        return Err(damage.of(path));
    }
    if found.whole < bytes.len() {
        let mut cut = found.entries.clone();
        let offset = entries(&bytes, found.whole + GROUP_HEAD, &mut cut).err();
        let offset = offset.unwrap_or(bytes.len());
        return Err(Damage { entry: cut.len(), offset }.of(path));
    }
    Ok(found.entries.iter().map(|place| place.of(&bytes).to_vec()).collect())
}

/// The payloads of a log up to the first damage.
pub fn read_whole(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let found = parse(&bytes);
    found.entries.iter().map(|place| place.of(&bytes).to_vec()).collect()
}

/// What a file holds.
#[derive(Debug, Default)]
struct Found {
    /// The entries before the damage; without damage, those of whole groups.
    entries: Vec<Place>,
    /// Where the last whole group ends. What lies behind it without damage was never promised.
    whole: usize,
    damage: Option<Damage>,
}

/// Where a file stops making sense.
#[derive(Clone, Copy, Debug)]
struct Damage {
    entry: usize,
    offset: usize,
}

impl Damage {
    fn of(self, path: &Path) -> LogError {
        let Self { entry, offset } = self;
        LogError::Damaged { path: path.to_owned(), entry, offset: offset as u64 }
    }
}

fn parse(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    while found.whole < bytes.len() {
        let begin = found.whole;
        let whole_groups = found.entries.len();
        let Some((end, empty)) = group_head(bytes, begin) else {
            if bytes[begin..].iter().any(|byte| *byte != 0) {
                found.damage = Some(Damage { entry: whole_groups, offset: begin });
            }
            return found;
        };
        if end > bytes.len() {
            return found;
        }
        if let Err(offset) = entries(&bytes[..end], begin + GROUP_HEAD, &mut found.entries) {
            let body = begin + GROUP_HEAD;
            if end == bytes.len() && empty_pages(body as u64, &bytes[body..]) > empty {
                found.entries.truncate(whole_groups);
            } else {
                // A group without its end mark is damaged in its last entry.
                let last = found.entries.len() - usize::from(offset + 1 == end);
                found.damage = Some(Damage { entry: last, offset });
            }
            return found;
        }
        found.whole = end;
    }
    found
}

/// Where the group that begins at `begin` ends, beyond the bytes if they end within its head, and how many of its
/// pages are empty. None for a bad head.
fn group_head(bytes: &[u8], begin: usize) -> Option<(usize, u32)> {
    let Some(head) = bytes[begin..].get(..GROUP_HEAD) else { return Some((usize::MAX, 0)) };
    let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes of twelve"));
    let empty = u32::from_le_bytes(head[4..8].try_into().expect("four bytes of twelve"));
    let is_good = length as usize > HEAD && head_check(length, empty) == head[8..];
    is_good.then_some((begin + GROUP_HEAD + length as usize, empty))
}

/// Collects the entries of the group that ends with `bytes`; the place where it stops making sense if it does.
fn entries(bytes: &[u8], mut at: usize, found: &mut Vec<Place>) -> Result<(), usize> {
    let last = bytes.len() - 1;
    while at < last {
        let (head, rest) = bytes[at..last].split_at_checked(HEAD).ok_or(at)?;
        let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes of twelve"));
        let payload = rest.get(..length as usize).ok_or(at)?;
        if checksum(length, payload) != head[4..] {
            return Err(at);
        }
        found.push(Place { offset: (at + HEAD) as u64, length });
        at += HEAD + payload.len();
    }
    if bytes[last] == GROUP_END { Ok(()) } else { Err(last) }
}

/// How many pages of the file that begin in a group, whose entries and end mark are `body` and begin at `offset`, hold
/// nothing but zeros, as far as they belong to it.
fn empty_pages(offset: u64, body: &[u8]) -> u32 {
    let begun = offset.next_multiple_of(PAGE as u64) - offset;
    let pages = body.get(usize::try_from(begun).expect("less than a page")..).unwrap_or(&[]);
    let empty = pages.chunks(PAGE).filter(|page| page.iter().all(|byte| *byte == 0));
    u32::try_from(empty.count()).expect("a group has fewer pages than bytes")
}

fn head_check(length: u32, empty: u32) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"group").update(&length.to_le_bytes()).update(&empty.to_le_bytes());
    let mut short = [0; 4];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..4]);
    short
}

fn checksum(length: u32, payload: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(payload);
    let mut short = [0; 8];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    short
}

/// Makes the entry of `path` in its folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests;
