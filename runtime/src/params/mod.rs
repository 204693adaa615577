//! Params as texts. `-P`, the log and the check of a resumed run use the same text of a param, which
//! the type of its field reads and writes.

mod error;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use tree::Tree;
use write::to_tree;

/// The default of the params type.
pub(crate) fn defaults<P: Default + Serialize>() -> Result<Tree, String> {
    to_tree(&P::default()).map_err(|why| why.to_string())
}

/// Reads params from a tree.
pub(crate) fn read<P: DeserializeOwned>(tree: Tree) -> Result<P, String> {
    P::deserialize(tree).map_err(|why| why.to_string())
}

/// Reads params from a tree, and writes them as a tree again.
pub(crate) fn read_again<P: Serialize + DeserializeOwned>(tree: Tree) -> Result<Tree, String> {
    read::<P>(tree).and_then(|params| to_tree(&params).map_err(|why| why.to_string()))
}
