//! Rust text read simply: code without comments and strings, without what is compiled for tests only.
//!
//! In: the text of a file. Out: its code with every line where it was, and its words with their lines. Refuses to
//! know: grammar beyond comments, literals, attributes and brackets.

/// The code of a file: comments and the insides of strings are blank, lines and columns are kept.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let taken = literal(rest, before).unwrap_or(0);
        let (blanked, tail) = if taken > 0 { rest.split_at(taken) } else { ("", rest) };
        out.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        if taken > 0 {
            before = ' ';
            rest = tail;
        } else {
            out.push(first);
            before = first;
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// How many bytes the comment or literal at the beginning of `rest` takes.
fn literal(rest: &str, before: char) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if rest.starts_with('"') {
        return Some(closed(rest, '"'));
    }
    let is_word = before.is_alphanumeric() || before == '_';
    if rest.starts_with('r') && !is_word {
        let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
        let body = rest[1 + hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(2 + hashes + body.find(&end)? + end.len());
    }
    let mut after = rest.strip_prefix('\'')?.chars();
    match (after.next()?, after.next()?) {
        ('\\', _) => Some(closed(rest, '\'')),
        (one, '\'') => Some(2 + one.len_utf8()),
        _ => None,
    }
}

/// How long a literal is that begins and ends with `quote`; a backslash escapes.
fn closed(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// A word, or a sign of one character other than a space (`::` counts as one), with its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// The words and signs of `code`.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                _ => word,
            };
            found.push(Token { text: &rest[..length], line: number + 1 });
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// The words and signs without the items that only tests or loom see.
pub(crate) fn shipped_tokens(code: &str) -> Vec<Token<'_>> {
    let all = tokens(code);
    let mut shipped = Vec::with_capacity(all.len());
    let mut at = 0;
    while at < all.len() {
        match attribute(&all[at..]) {
            Some(length) if is_for_tests(&all[at..at + length]) => {
                at += length + item(&all[at + length..])
            }
            Some(length) => {
                shipped.extend_from_slice(&all[at..at + length]);
                at += length;
            }
            None => {
                shipped.push(all[at]);
                at += 1;
            }
        }
    }
    shipped
}

/// How many tokens the attribute at the beginning takes.
fn attribute(tokens: &[Token<'_>]) -> Option<usize> {
    let is_attribute = tokens.first()?.text == "#" && tokens.get(1)?.text == "[";
    is_attribute.then(|| 1 + bracketed(&tokens[1..]))
}

/// How many tokens a bracket takes, its inside and its partner included.
pub(crate) fn bracketed(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, ..))]`, `#[cfg(loom)]`, but not `#[cfg(not(test))]`.
fn is_for_tests(attribute: &[Token<'_>]) -> bool {
    let has = |word| attribute.iter().any(|token| token.text == word);
    let is_cfg = attribute.get(2).is_some_and(|token| token.text == "cfg");
    let is_test = attribute.get(2).is_some_and(|token| token.text == "test");
    is_test || is_cfg && (has("test") || has("loom")) && !has("not") && !has("any")
}

/// How many tokens the item at the beginning takes: up to its `;`, or to the end of its `{}`.
fn item(tokens: &[Token<'_>]) -> usize {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.text {
            ";" => return at + 1,
            "{" => return at + bracketed(&tokens[at..]),
            "(" | "[" => at += bracketed(&tokens[at..]),
            _ => at += 1,
        }
    }
    at
}

/// Comments, strings, raw strings and characters are blank; lifetimes and lines stay.
#[test]
fn comments_and_literals_are_blank() {
    let text = "let a = \"x // y\\\"\"; // z\nfn f<'a>(c: &'a str) { g('\"', r#\"q\"#, '\\''); /* k\nl */ h }\n";
    let code = code(text);
    let words: Vec<_> = tokens(&code).iter().map(|token| token.text).collect();
    let kept = "let a = ; fn f < ' a > ( c : & ' a str ) { g ( , , ) ; h }";
    assert_eq!(words.join(" "), kept);
    assert_eq!(tokens(&code).last().map(|token| token.line), Some(3));
}

/// What only tests see is left out, whole; what follows is not.
#[test]
fn items_for_tests_are_left_out() {
    let text = "#[cfg(test)]\nmod tests { fn a() { b() } }\n#[cfg(not(test))]\nfn c() {}\n#[test]\nfn d() {}\n\
                #[cfg(test)]\nuse x::y;\nfn e() {}\n";
    let code = code(text);
    let words: Vec<_> = shipped_tokens(&code).iter().map(|token| token.text).collect();
    assert_eq!(words.join(" "), "# [ cfg ( not ( test ) ) ] fn c ( ) { } fn e ( ) { }");
}
