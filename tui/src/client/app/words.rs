//! The words of servers.

/// What a server says, with the one word for what it calls a channel. What it quotes stays as it is.
pub(super) fn in_our_words(said: &str) -> String {
    let word = |word: &str| {
        [("Channel", "Room"), ("channel", "room")]
            .into_iter()
            .find_map(|(theirs, ours)| {
                let rest = word.strip_prefix(theirs)?;
                let ends = ["", "s", "'s"].contains(&rest.trim_end_matches([' ', '.', ',', ':']));
                ends.then(|| format!("{ours}{rest}"))
            })
            .unwrap_or_else(|| word.to_owned())
    };
    said.split_inclusive(' ').map(word).collect()
}
