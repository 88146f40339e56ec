//! Frames on a stream: a length, then that many bytes, never more than the receiver allows.
//!
//! In: byte strings. Out: the same on the other side. Refuses to know: what they are. A length above the bound is
//! refused before a byte of it is read, so a peer cannot make us hold more than one frame of the allowed size.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes before each frame: its length, little endian.
pub const HEAD: usize = 4;

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended between two frames.
    #[error("the connection was closed")]
    Closed,
    /// The stream broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A frame longer than allowed.
    #[error("a frame of {got} bytes where at most {max} are allowed")]
    TooLong {
        /// Length announced.
        got: usize,
        /// Length allowed.
        max: usize,
    },
}

/// Appends a frame to a buffer.
///
/// # Panics
///
/// For a payload of 4 GiB or more; ours are bounded far below.
pub fn push(buffer: &mut Vec<u8>, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("payloads are bounded far below 4 GiB");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(payload);
}

/// Frames from a stream, as many at a time as have arrived: what is done once per group - waking a task, checking
/// signatures - is done once for many frames when there are many.
#[derive(Debug)]
pub struct Frames<S> {
    stream: S,
    max: usize,
    /// What has arrived of frames that were not handed out.
    buffer: BytesMut,
}

impl<S: AsyncRead + Unpin> Frames<S> {
    /// Bytes asked of the stream at once.
    const CHUNK: usize = 64 << 10;

    /// Reads frames of at most `max` bytes from `stream`.
    pub fn new(stream: S, max: usize) -> Self {
        Self { stream, max, buffer: BytesMut::new() }
    }

    /// Waits for at least one frame and returns all that have arrived.
    ///
    /// # Errors
    ///
    /// [`FrameError`]; the stream is useless then.
    pub async fn next(&mut self) -> Result<Vec<Bytes>, FrameError> {
        let mut frames = Vec::new();
        loop {
            let end = loop {
                match self.cut() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            // What came before a bad frame counts; the bad one is found again.
            match end {
                _ if !frames.is_empty() => return Ok(frames),
                Some(error) => return Err(error),
                None => {}
            }
            // Memory follows what arrives, not what was announced.
            self.buffer.reserve(Self::CHUNK);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(FrameError::Closed);
            }
        }
    }

    /// The first frame of the buffer if all of it is there.
    fn cut(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(head) = self.buffer.first_chunk::<HEAD>() else { return Ok(None) };
        let got = u32::from_le_bytes(*head) as usize;
        if got > self.max {
            return Err(FrameError::TooLong { got, max: self.max });
        }
        if self.buffer.len() < HEAD + got {
            return Ok(None);
        }
        self.buffer.advance(HEAD);
        Ok(Some(self.buffer.split_to(got).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8], max: usize) -> (Vec<Vec<u8>>, FrameError) {
        let mut arriving = Frames::new(bytes, max);
        let mut frames = Vec::new();
        loop {
            match arriving.next().await {
                Ok(group) => frames.extend(group.iter().map(|frame| frame.to_vec())),
                Err(error) => return (frames, error),
            }
        }
    }

    #[tokio::test]
    async fn frames_come_out_as_they_went_in() {
        let mut bytes = Vec::new();
        [b"one".as_slice(), b"", b"three"].iter().for_each(|frame| push(&mut bytes, frame));
        let (frames, end) = all(&bytes, 5).await;
        assert_eq!(frames, [b"one".to_vec(), vec![], b"three".to_vec()]);
        assert!(matches!(end, FrameError::Closed));
    }

    /// An announced length above the bound is refused although nothing of it ever arrives.
    #[tokio::test]
    async fn a_long_frame_is_refused_unread() {
        let (frames, end) = all(&u32::MAX.to_le_bytes(), 1 << 20).await;
        assert!(frames.is_empty());
        assert!(matches!(end, FrameError::TooLong { got: 0xffff_ffff, max: 0x10_0000 }));
    }

    /// What came before a frame that is refused still counts.
    #[tokio::test]
    async fn a_long_frame_does_not_take_others_with_it() {
        let mut bytes = Vec::new();
        [b"one".as_slice(), b"longer"].iter().for_each(|frame| push(&mut bytes, frame));
        let (frames, end) = all(&bytes, 5).await;
        assert_eq!(frames, [b"one".to_vec()]);
        assert!(matches!(end, FrameError::TooLong { got: 6, max: 5 }));
    }

    #[tokio::test]
    async fn half_a_frame_is_no_frame() {
        let (frames, end) = all(&[3, 0, 0, 0, b'a'], 10).await;
        assert!(frames.is_empty() && matches!(end, FrameError::Closed));
    }
}
