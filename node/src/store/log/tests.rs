//! What a log gives back after a crash, and what it refuses.

use super::*;

/// A folder that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("gridquorum-log-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        Self(folder)
    }

    fn log(&self) -> PathBuf {
        self.0.join("test.log")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn payloads(path: &Path) -> Result<Vec<Vec<u8>>, LogError> {
    Log::open(path).map(|(_, frames)| frames.into_iter().map(|(_, payload)| payload).collect())
}

fn written(scratch: &Scratch, texts: &[&str]) -> Vec<u8> {
    let (mut log, _) = Log::open(&scratch.log()).expect("a new file");
    for text in texts {
        log.append(text.as_bytes());
    }
    log.sync().expect("the disk works");
    std::fs::read(scratch.log()).expect("just written")
}

#[test]
fn what_was_synced_is_there_after_reopening() {
    let scratch = Scratch::new("reopen");
    written(&scratch, &["a", "", "ccc"]);
    let (mut log, frames) = Log::open(&scratch.log()).expect("a good file");
    assert_eq!(frames.iter().map(|(_, p)| p.len()).collect::<Vec<_>>(), [1, 0, 3]);
    let place = log.append(b"dd");
    assert_eq!(log.read(place).expect("readable before it is synced"), b"dd");
    assert_eq!(log.read(frames[2].0).expect("readable"), b"ccc");
    assert_eq!(payloads(&scratch.log()).expect("a good file").len(), 4);
}

/// Wherever a crash cuts the file, every whole frame before the cut comes back, and appending goes on there.
#[test]
fn a_torn_tail_is_cut_off() {
    let scratch = Scratch::new("torn");
    let whole = written(&scratch, &["first", "second"]);
    let first = HEAD + 5;
    for cut in 0..whole.len() {
        std::fs::write(scratch.log(), &whole[..cut]).expect("writable");
        let expected = usize::from(cut >= first);
        assert_eq!(
            payloads(&scratch.log()).expect("a crash is no damage").len(),
            expected,
            "cut at {cut}"
        );
        let (mut log, _) = Log::open(&scratch.log()).expect("cut off");
        log.append(b"next");
        log.sync().expect("the disk works");
        assert_eq!(payloads(&scratch.log()).expect("whole again").len(), expected + 1);
    }
}

/// A flipped bit before the last frame is damage: the entry is named, and nothing is cut off.
#[test]
fn damage_in_the_middle_is_refused_and_named() {
    let scratch = Scratch::new("damage");
    let whole = written(&scratch, &["first", "second", "third"]);
    let end_of_second = whole.len() - HEAD - 5;
    for at in HEAD + 5 + 4..end_of_second {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(scratch.log(), &bytes).expect("writable");
        let error = payloads(&scratch.log()).expect_err("damage");
        assert!(matches!(error, LogError::Damaged { entry: 1, .. }), "byte {at}: {error}");
        assert_eq!(std::fs::read(scratch.log()).expect("there").len(), whole.len());
    }
}

/// An exported file has no excuse: half a frame at its end is damage.
#[test]
fn an_exported_log_must_be_whole() {
    let scratch = Scratch::new("export");
    let whole = written(&scratch, &["first", "second"]);
    assert_eq!(read_all(&scratch.log()).expect("whole").len(), 2);
    std::fs::write(scratch.log(), &whole[..whole.len() - 1]).expect("writable");
    assert!(matches!(read_all(&scratch.log()), Err(LogError::Damaged { entry: 1, .. })));
}

#[test]
fn replacing_keeps_only_what_is_given() {
    let scratch = Scratch::new("replace");
    written(&scratch, &["a", "b", "c"]);
    let (mut log, _) = Log::open(&scratch.log()).expect("a good file");
    log.replace(&[b"c".to_vec()]).expect("the disk works");
    log.append(b"d");
    log.sync().expect("the disk works");
    assert_eq!(payloads(&scratch.log()).expect("a good file"), [b"c".to_vec(), b"d".to_vec()]);
}
