//! Serializes a params type to a tree.

use std::fmt::Display;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::error::Error;
use super::tree::{Tree, is_none, quoted, unquoted};

/// Serializes a value to a tree.
pub(crate) fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, Error> {
    value.serialize(Writer)
}

#[derive(Clone, Copy)]
struct Writer;

fn number(value: impl Display) -> Tree {
    Tree::Number(value.to_string())
}

impl Serializer for Writer {
    type Ok = Tree;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Map;

    fn serialize_bool(self, value: bool) -> Result<Tree, Error> {
        Ok(Tree::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_i16(self, value: i16) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_i32(self, value: i32) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_i64(self, value: i64) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_i128(self, value: i128) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_u8(self, value: u8) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_u16(self, value: u16) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_u32(self, value: u32) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_u64(self, value: u64) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_u128(self, value: u128) -> Result<Tree, Error> {
        Ok(number(value))
    }

    fn serialize_f32(self, value: f32) -> Result<Tree, Error> {
        // The shortest text that reads back as this f32, with a point.
        Ok(Tree::Number(format!("{value:?}")))
    }

    fn serialize_f64(self, value: f64) -> Result<Tree, Error> {
        Ok(Tree::Number(format!("{value:?}")))
    }

    fn serialize_char(self, value: char) -> Result<Tree, Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Error> {
        // A text that looks like a JSON string is parsed as one.
        Ok(match unquoted(value) {
            Some(_) => Tree::Untyped(quoted(value)),
            None => Tree::Text(value.to_owned()),
        })
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Tree, Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<Tree, Error> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Error> {
        Ok(match value.serialize(self)? {
            Tree::Text(text) if is_none(&text) => Tree::Untyped(quoted(&text)),
            tree => tree,
        })
    }

    fn serialize_unit(self) -> Result<Tree, Error> {
        Ok(Tree::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, Error> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Tree, Error> {
        Ok(Tree::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, Error> {
        Ok(of_variant(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Error> {
        Ok(List::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Error> {
        Ok(List::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List, Error> {
        Ok(List::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List, Error> {
        Ok(List {
            variant: Some(variant),
            ..List::default()
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map, Error> {
        Ok(Map::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Map, Error> {
        Ok(Map::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Map, Error> {
        Ok(Map {
            variant: Some(variant),
            ..Map::default()
        })
    }
}

fn of_variant(variant: Option<&str>, data: Tree) -> Tree {
    match variant {
        Some(variant) => Tree::Map(vec![(variant.to_owned(), data)]),
        None => data,
    }
}

#[derive(Default)]
struct List {
    variant: Option<&'static str>,
    values: Vec<Tree>,
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.values.push(to_tree(value)?);
        Ok(())
    }

    fn finish(self) -> Tree {
        of_variant(self.variant, Tree::List(self.values))
    }
}

macro_rules! lists {
    ($($name:ident $method:ident),*) => {$(
        impl $name for List {
            type Ok = Tree;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<Tree, Error> {
                Ok(self.finish())
            }
        }
    )*};
}

lists!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

#[derive(Default)]
struct Map {
    variant: Option<&'static str>,
    entries: Vec<(String, Tree)>,
    key: String,
}

impl Map {
    fn finish(self) -> Tree {
        of_variant(self.variant, Tree::Map(self.entries))
    }
}

impl SerializeMap for Map {
    type Ok = Tree;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = match to_tree(key)? {
            key @ (Tree::List(_) | Tree::Map(_)) => {
                let key = key.text();
                return Err(Error::new(format!("the key `{key}` of a map is no text")));
            }
            key => key.text(),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let value = to_tree(value)?;
        self.entries.push((std::mem::take(&mut self.key), value));
        Ok(())
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.finish())
    }
}

macro_rules! structs {
    ($($name:ident),*) => {$(
        impl $name for Map {
            type Ok = Tree;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.entries.push((key.to_owned(), to_tree(value)?));
                Ok(())
            }

            fn end(self) -> Result<Tree, Error> {
                Ok(self.finish())
            }
        }
    )*};
}

structs!(SerializeStruct, SerializeStructVariant);
