//! Frames on a stream: a length, then that many bytes, never more than the receiver allows.
//!
//! In: byte strings. Out: the same on the other side. Refuses to know: what they are. A length above the bound is
//! refused before a byte of it is read, so a peer cannot make us hold more than one frame of the allowed size.

use std::io;

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

/// Reads one frame of at most `max` bytes.
///
/// # Errors
///
/// [`FrameError`]; the stream is useless then.
pub async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    max: usize,
) -> Result<Vec<u8>, FrameError> {
    let mut head = [0; HEAD];
    match stream.read_exact(&mut head).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(FrameError::Closed);
        }
        Err(error) => return Err(error.into()),
    }
    let got = u32::from_le_bytes(head) as usize;
    if got > max {
        return Err(FrameError::TooLong { got, max });
    }
    // Memory follows what arrives, not what was announced.
    let mut payload = Vec::with_capacity(got.min(64 << 10));
    let taken = stream.take(got as u64).read_to_end(&mut payload).await?;
    if taken < got { Err(FrameError::Closed) } else { Ok(payload) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8], max: usize) -> (Vec<Vec<u8>>, FrameError) {
        let mut stream = bytes;
        let mut frames = Vec::new();
        loop {
            match read(&mut stream, max).await {
                Ok(frame) => frames.push(frame),
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

    #[tokio::test]
    async fn half_a_frame_is_no_frame() {
        let (frames, end) = all(&[3, 0, 0, 0, b'a'], 10).await;
        assert!(frames.is_empty() && matches!(end, FrameError::Closed));
    }
}
