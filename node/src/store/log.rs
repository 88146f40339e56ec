//! A file that only grows: frames with a length and a checksum.
//!
//! In: byte strings. Out: the same byte strings, or the place where the file stops making sense. Refuses to know:
//! what the bytes are.
//!
//! A frame is `length: u32 LE | checksum: 8 bytes of BLAKE3 over length and payload | payload`. A crash can leave
//! half a frame at the end; that tail was never promised to anybody and is cut off when a replica opens the file.
//! Damage anywhere else is not a crash but a fault: the file is refused.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes before each payload.
const HEAD: usize = 12;
/// No payload is longer: a batch with its seal stays below it.
const PAYLOAD_MAX: usize = 32 << 20;

/// An open log.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    length: u64,
    /// Frames not yet handed to the operating system.
    buffer: Vec<u8>,
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
    /// A frame is damaged.
    #[error(
        "{path}: entry {entry} at byte {offset} is damaged; restore the file from another replica's copy or remove \
         the data folder to start over"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of the frame, from 0.
        entry: usize,
        /// Where it begins.
        offset: u64,
    },
}

/// How to treat a file that ends in the middle of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Cut it off: the process crashed while writing.
    Cut,
    /// Refuse it: the file was exported whole.
    Refuse,
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
        let (frames, length) = parse(path, &bytes, Tail::Cut)?;
        if length < bytes.len() as u64 {
            file.set_len(length).map_err(io)?;
            file.sync_all().map_err(io)?;
        }
        file.seek(SeekFrom::Start(length)).map_err(io)?;
        Ok((Self { path: path.to_owned(), file, length, buffer: Vec::new() }, frames))
    }

    /// Appends a payload; it reaches the operating system with the next [`Log::flush`].
    pub fn append(&mut self, payload: &[u8]) -> Place {
        let length = u32::try_from(payload.len()).expect("payloads are bounded far below 4 GiB");
        let place = Place { offset: self.length + self.buffer.len() as u64 + HEAD as u64, length };
        self.buffer.extend_from_slice(&length.to_le_bytes());
        self.buffer.extend_from_slice(&checksum(length, payload));
        self.buffer.extend_from_slice(payload);
        place
    }

    /// Hands everything appended to the operating system.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`]; durability is in doubt then, and the process should stop.
    pub fn flush(&mut self) -> Result<(), LogError> {
        let written = self.file.write_all(&self.buffer);
        written.map_err(|source| LogError::Io { path: self.path.clone(), source })?;
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Flushes and waits until everything is durable.
    ///
    /// # Errors
    ///
    /// As [`Log::flush`].
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.flush()?;
        self.file.sync_data().map_err(|source| LogError::Io { path: self.path.clone(), source })
    }

    /// Reads one payload again.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`].
    pub fn read(&mut self, place: Place) -> Result<Vec<u8>, LogError> {
        self.flush()?;
        let mut payload = vec![0; place.length as usize];
        let mut fetch = || {
            self.file.seek(SeekFrom::Start(place.offset))?;
            self.file.read_exact(&mut payload)?;
            self.file.seek(SeekFrom::Start(self.length)).map(|_| ())
        };
        fetch().map_err(|source| LogError::Io { path: self.path.clone(), source })?;
        Ok(payload)
    }

    /// Replaces the file by one that holds only `payloads`, atomically and durably.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`]; the old file is still there then.
    pub fn replace(&mut self, payloads: &[Vec<u8>]) -> Result<(), LogError> {
        let io = |source| LogError::Io { path: self.path.clone(), source };
        let fresh = self.path.with_extension("new");
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        let (mut log, _) = Self::open(&fresh)?;
        for payload in payloads {
            log.append(payload);
        }
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

    /// Whether nothing was ever appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a whole log that nobody writes to.
///
/// # Errors
///
/// [`LogError`]; half a frame at the end counts as damage.
pub fn read_all(path: &Path) -> Result<Vec<Vec<u8>>, LogError> {
    let bytes =
        std::fs::read(path).map_err(|source| LogError::Io { path: path.to_owned(), source })?;
    let (frames, _) = parse(path, &bytes, Tail::Refuse)?;
    Ok(frames.into_iter().map(|(_, payload)| payload).collect())
}

/// The payloads of a log up to the first damage.
pub fn read_whole(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let (mut payloads, mut at) = (Vec::new(), 0);
    while let Found::Whole(payload) = frame(&bytes[at..]) {
        payloads.push(payload.to_vec());
        at += HEAD + payload.len();
    }
    payloads
}

/// The payloads in `bytes`, and where the last whole frame ends.
fn parse(path: &Path, bytes: &[u8], tail: Tail) -> Result<(Vec<Frame>, u64), LogError> {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let damaged =
            || LogError::Damaged { path: path.to_owned(), entry: frames.len(), offset: at as u64 };
        match frame(&bytes[at..]) {
            Found::Whole(payload) => {
                let length = u32::try_from(payload.len()).expect("lengths come from 32 bits");
                let offset = (at + HEAD) as u64;
                frames.push((Place { offset, length }, payload.to_vec()));
                at += HEAD + payload.len();
            }
            Found::Torn if tail == Tail::Cut => break,
            Found::Torn | Found::Damaged => return Err(damaged()),
        }
    }
    Ok((frames, at as u64))
}

/// What stands at the beginning of some bytes.
enum Found<'a> {
    Whole(&'a [u8]),
    /// The file ends before the frame does: what a crash leaves behind.
    Torn,
    Damaged,
}

fn frame(bytes: &[u8]) -> Found<'_> {
    let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return Found::Torn };
    let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes of twelve"));
    if length as usize > PAYLOAD_MAX {
        return Found::Damaged;
    }
    match rest.get(..length as usize) {
        None => Found::Torn,
        Some(payload) if checksum(length, payload) == head[4..] => Found::Whole(payload),
        // The last frame may be torn within: its length arrived, its payload did not.
        Some(payload) if payload.len() == rest.len() => Found::Torn,
        Some(_) => Found::Damaged,
    }
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
