//! Generates run names as MLflow does: adjective, noun, number.

const ADJECTIVES: [&str; 32] = [
    "able", "amber", "bold", "brave", "brisk", "calm", "clear", "crisp", "eager", "early", "fair",
    "fleet", "fond", "glad", "grand", "keen", "kind", "light", "lucid", "mild", "neat", "noble",
    "plain", "proud", "quick", "quiet", "sharp", "sleek", "sound", "steady", "swift", "warm",
];

const NOUNS: [&str; 32] = [
    "apple", "ash", "badger", "beech", "birch", "cedar", "cherry", "comet", "crane", "delta",
    "elm", "falcon", "fern", "finch", "grove", "hare", "heron", "larch", "lark", "lynx", "maple",
    "marten", "oak", "otter", "pear", "pine", "plover", "plum", "robin", "rowan", "wren", "yew",
];

/// Generates a random name.
pub(super) fn generate() -> String {
    let (bits, more) = uuid::Uuid::new_v4().as_u64_pair();
    let pick = |words: [&'static str; 32], bits: u64| words[(bits % 32) as usize];
    format!(
        "{}-{}-{}",
        pick(ADJECTIVES, bits),
        pick(NOUNS, bits >> 8),
        more % 1000
    )
}
