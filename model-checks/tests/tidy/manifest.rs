//! A manifest read simply: sections, keys and values with their lines.
//!
//! In: the text of a `Cargo.toml`. Out: its entries. Refuses to know: TOML beyond `[section]` and `key = value` on
//! one line, which is how ours are written.

/// One `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// The section without brackets; sections of a list are told apart by their line.
    pub(crate) section: &'a str,
    /// The line of the section.
    pub(crate) section_line: usize,
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
    pub(crate) line: usize,
}

/// All entries in order.
pub(crate) fn entries(text: &str) -> Vec<Entry<'_>> {
    let (mut section, mut section_line) = ("", 0);
    let mut found = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.starts_with('[') {
            section = content.trim_matches(['[', ']']);
            section_line = line;
        } else if let Some((key, value)) =
            content.split_once('=').filter(|_| !content.starts_with('#'))
        {
            let (key, value) = (key.trim(), value.trim());
            found.push(Entry { section, section_line, key, value, line });
        }
    }
    found
}

impl<'a> Entry<'a> {
    /// The value without quotes.
    pub(crate) fn text(&self) -> &'a str {
        self.value.trim_matches('"')
    }

    /// The crate that this entry makes a dependency, and whether only for tests; `None` if it makes none.
    pub(crate) fn dependency(&self) -> Option<&'a str> {
        let section = self.section.rsplit('.').next()?;
        let is_list = matches!(section, "dependencies" | "dev-dependencies" | "build-dependencies");
        is_list.then(|| self.key.split('.').next()).flatten()
    }

    /// Whether the value comes from the workspace.
    pub(crate) fn is_inherited(&self) -> bool {
        let is_dotted = self.key.ends_with(".workspace") || self.key == "workspace";
        is_dotted && self.value == "true" || self.value.contains("workspace = true")
    }
}

/// The names in a list of strings on one line.
pub(crate) fn names(list: &str) -> Vec<&str> {
    list.split('"').skip(1).step_by(2).collect()
}

/// Sections, dotted keys, tables on one line, comments.
#[test]
fn entries_are_read_with_their_sections() {
    let text = "[package]\nname = \"a\"\n# x = 1\n[[bin]]\nbench = false\n\
                [target.'cfg(loom)'.dependencies]\nloom.workspace = true\nb = { path = \".\" }\n";
    let entries = entries(text);
    let read: Vec<_> = entries.iter().map(|e| (e.section, e.key, e.text(), e.line)).collect();
    assert_eq!(read[..2], [("package", "name", "a", 2), ("bin", "bench", "false", 5)]);
    let loom = "target.'cfg(loom)'.dependencies";
    assert_eq!(
        read[2..],
        [(loom, "loom.workspace", "true", 7), (loom, "b", "{ path = \".\" }", 8)]
    );
    assert_eq!((entries[2].dependency(), entries[2].is_inherited()), (Some("loom"), true));
    assert_eq!((entries[3].dependency(), entries[3].is_inherited()), (Some("b"), false));
    assert_eq!((entries[0].dependency(), names("[\"a\", \"b\"]")), (None, vec!["a", "b"]));
}
