//! Params as text: what `-P` sets, what MLflow is told and what a resumed run compares is one text,
//! which the type of its field reads and writes.

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

/// The params type's default.
pub(crate) fn defaults<P: Default + Serialize>() -> Result<Tree, String> {
    to_tree(&P::default()).map_err(|why| why.to_string())
}

/// Params from a tree.
pub(crate) fn read<P: DeserializeOwned>(tree: Tree) -> Result<P, String> {
    P::deserialize(tree).map_err(|why| why.to_string())
}

/// Params from a tree, as the tree that their type writes of them.
pub(crate) fn read_again<P: Serialize + DeserializeOwned>(tree: Tree) -> Result<Tree, String> {
    read::<P>(tree).and_then(|params| to_tree(&params).map_err(|why| why.to_string()))
}
