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
    assert_eq!(log.read(place).expect("not there yet"), None);
    log.flush().expect("the disk works");
    assert_eq!(log.read(place).expect("readable before it is synced").as_deref(), Some(&b"dd"[..]));
    assert_eq!(log.read(frames[2].0).expect("readable").as_deref(), Some(&b"ccc"[..]));
    assert_eq!(payloads(&scratch.log()).expect("a good file").len(), 4);

    // What is handed out is there when it is paid, and what is appended meanwhile stands behind it.
    let handed = log.append(b"e");
    let debt = log.debt(true).expect("something was appended");
    let behind = log.append(b"f");
    assert_eq!(log.read(handed).expect("not there yet"), None);
    assert!(debt.pay().expect("the disk works"), "it was waited for");
    log.paid();
    assert_eq!(log.read(handed).expect("readable").as_deref(), Some(&b"e"[..]));
    assert_eq!(log.read(behind).expect("not there yet"), None);
    log.sync().expect("the disk works");
    assert_eq!(log.read(behind).expect("readable").as_deref(), Some(&b"f"[..]));
    assert_eq!(payloads(&scratch.log()).expect("a good file").len(), 6);
    assert!(log.debt(true).is_none(), "nothing is owed");
}

/// Appends each text in a group of its own, as rounds of a driver do.
fn grouped(scratch: &Scratch, groups: &[&[&str]]) -> Vec<u8> {
    let (mut log, _) = Log::open(&scratch.log()).expect("a new file");
    for group in groups {
        for text in *group {
            log.append(text.as_bytes());
        }
        log.sync().expect("the disk works");
    }
    std::fs::read(scratch.log()).expect("just written")
}

/// Wherever a crash cuts the file, every whole group before the cut comes back, and appending goes on there.
#[test]
fn a_torn_tail_is_cut_off() {
    let scratch = Scratch::new("torn");
    let whole = grouped(&scratch, &[&["first"], &["second", "third"]]);
    let first = GROUP_HEAD + HEAD + 5 + 1;
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

/// Whichever bit of a log flips, in a length, a check, a payload or a mark, in the first group or the last: the file
/// is refused, the entry is named, and not a byte of it is cut off.
#[test]
fn every_flipped_bit_is_refused_and_named() {
    let scratch = Scratch::new("flips");
    let whole = grouped(&scratch, &[&["first"], &["second", "third"], &["", "the fifth"]]);
    // Where each entry begins; a group's head counts with its first entry, its end mark with its last.
    let second = GROUP_HEAD + HEAD + 5 + 1;
    let third = second + GROUP_HEAD + HEAD + 6;
    let fourth = third + HEAD + 5 + 1;
    let begins = [0, second, third, fourth, fourth + GROUP_HEAD + HEAD];
    for at in 0..whole.len() {
        let owner = begins.iter().filter(|begin| **begin <= at).count() - 1;
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            std::fs::write(scratch.log(), &bytes).expect("writable");
            let error = payloads(&scratch.log()).expect_err("damage");
            let LogError::Damaged { entry, .. } = error else { panic!("{error}") };
            assert_eq!(entry, owner, "bit {bit} of byte {at}");
            assert!(read_all(&scratch.log()).is_err(), "nor does an auditor take it");
            assert_eq!(std::fs::read(scratch.log()).expect("there"), bytes, "left as it is");
        }
    }
}

/// Space that was allotted and never written is zeros to the end of the file: cut off, however long, and the entries
/// before it stay.
#[test]
fn zeros_at_the_end_were_never_written() {
    let scratch = Scratch::new("zeros");
    let whole = grouped(&scratch, &[&["first"], &["second"]]);
    for zeros in [1, GROUP_HEAD - 1, GROUP_HEAD, 100, 3 * PAGE] {
        let mut bytes = whole.clone();
        bytes.resize(whole.len() + zeros, 0);
        std::fs::write(scratch.log(), &bytes).expect("writable");
        assert_eq!(payloads(&scratch.log()).expect("no damage").len(), 2, "{zeros} zeros");
        assert_eq!(std::fs::read(scratch.log()).expect("there"), whole);
    }
}

/// A power cut can lose any page of the group that was being written. The group goes as a whole, and with it nothing
/// before it; the same hole in a group that others follow is damage.
#[test]
fn a_page_of_the_last_group_may_be_missing() {
    let scratch = Scratch::new("holes");
    // Entries of 3000 bytes end in different places of a page; the last page of the group holds zeros and its end.
    let long = |byte: u8| vec![byte; 3_000];
    let (mut log, _) = Log::open(&scratch.log()).expect("a new file");
    log.append(b"promised");
    log.sync().expect("the disk works");
    let promised = usize::try_from(log.len()).expect("short");
    for byte in 1..=5 {
        log.append(&long(byte));
    }
    log.append(&[0; 2_000]);
    log.sync().expect("the disk works");
    let whole = std::fs::read(scratch.log()).expect("just written");
    let pages = whole.len().div_ceil(PAGE);
    assert_eq!(pages, 5);
    // The page that holds the group's head also holds what was promised, so it is there.
    for page in 1..pages {
        let mut bytes = whole.clone();
        let end = (page * PAGE + PAGE).min(bytes.len());
        bytes[page * PAGE..end].fill(0);
        std::fs::write(scratch.log(), &bytes).expect("writable");
        assert_eq!(payloads(&scratch.log()).expect("cut off"), [b"promised"], "page {page}");
        assert_eq!(std::fs::read(scratch.log()).expect("there").len(), promised);

        bytes.extend_from_slice(&whole[..promised]); // another group behind it
        std::fs::write(scratch.log(), &bytes).expect("writable");
        assert!(payloads(&scratch.log()).is_err(), "page {page} in the middle");
    }
    // Fewer zeros than a page are damage.
    let mut bytes = whole.clone();
    bytes[PAGE..2 * PAGE - 1].fill(0);
    std::fs::write(scratch.log(), &bytes).expect("writable");
    assert!(payloads(&scratch.log()).is_err());
}

/// Whoever orders bytes may order zeros, which fill whole pages of the file. A bit that flips near them, in the entry
/// before, in the one that holds them, or in the length of either, is damage all the same; a page of the same group
/// that was never written is none, be it full of zeros or not in its neighbours.
#[test]
fn zeros_that_were_ordered_hide_no_damage() {
    let scratch = Scratch::new("ordered");
    let (mut log, _) = Log::open(&scratch.log()).expect("a new file");
    log.append(b"promised");
    log.sync().expect("the disk works");
    let promised = usize::try_from(log.len()).expect("short");
    let text = log.append(&[7; 6_000]);
    let mut mixed = vec![0; 16 << 10];
    mixed.extend_from_slice(&[9; 6_000]);
    let zeros = log.append(&mixed);
    log.append(&[0; 16 << 10]);
    log.sync().expect("the disk works");
    let whole = std::fs::read(scratch.log()).expect("just written");
    let is_empty = |page: usize| whole[page * PAGE..].iter().take(PAGE).all(|byte| *byte == 0);
    let pages = whole.len().div_ceil(PAGE);
    let empty = (0..pages).filter(|page| is_empty(*page)).count();
    assert_eq!(
        (pages, empty),
        (11, 6),
        "44,850 bytes: three honest pages of zeros for each 16 KiB"
    );

    let at = |place: Place| usize::try_from(place.offset).expect("short");
    let (text, zeros) = (at(text), at(zeros));
    let in_lengths = [text, zeros].map(|payload| payload - HEAD..payload - HEAD + 4);
    let flips = in_lengths.into_iter().flatten();
    for byte in flips.chain([text + 100, zeros - 1, zeros + 5_000, zeros + (20 << 10)]) {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[byte] ^= 1 << bit;
            std::fs::write(scratch.log(), &bytes).expect("writable");
            assert!(payloads(&scratch.log()).is_err(), "bit {bit} of byte {byte}");
        }
    }
    let mut lost = 0;
    for page in (1..pages).filter(|page| !is_empty(*page)) {
        let mut bytes = whole.clone();
        let end = (page * PAGE + PAGE).min(bytes.len());
        bytes[page * PAGE..end].fill(0);
        std::fs::write(scratch.log(), &bytes).expect("writable");
        assert_eq!(payloads(&scratch.log()).expect("cut off"), [b"promised"], "page {page}");
        assert_eq!(std::fs::read(scratch.log()).expect("there").len(), promised);
        lost += 1;
    }
    assert_eq!(lost, 4, "the page of the group's head holds what was promised, too");
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
    let fill = |fresh: &mut Log| {
        fresh.append(b"c");
    };
    log.replace(fill).expect("the disk works");
    log.append(b"d");
    log.sync().expect("the disk works");
    assert_eq!(payloads(&scratch.log()).expect("a good file"), [b"c".to_vec(), b"d".to_vec()]);
}
