//! Deserializes a params type from a tree. The type of a field decides how its text is parsed.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor,
};

use super::error::Error;
use super::tree::{Tree, is_none, unquoted};

impl Tree {
    /// The text of a single value.
    fn leaf(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(text) | Self::Text(text) | Self::Untyped(text) => Some(text.clone()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    fn number<T: FromStr>(&self, what: impl Display) -> Result<T, Error> {
        let number = self.leaf().and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.is_not(what))
    }

    /// A number within the range of its type: `1e400` must not become infinite, nor `1e-400` zero.
    fn float<T: FromStr + Copy + Into<f64>>(&self) -> Result<T, Error> {
        let number: T = self.number("a number")?;
        let text = self.leaf().unwrap_or_default();
        let digits = text.split(['e', 'E']).next().unwrap_or_default();
        let is_nonzero = digits.contains(|c| matches!(c, '1'..='9'));
        let value = number.into();
        if is_nonzero && (value == 0.0 || value.is_infinite()) {
            return Err(Error::new(format!(
                "`{text}` is out of the range of `{}`",
                std::any::type_name::<T>()
            )));
        }
        Ok(number)
    }

    fn is_not(&self, what: impl Display) -> Error {
        Error::new(format!("`{}` is not {what}", self.text()))
    }

    /// A text for a list or a map is JSON.
    fn into_json(self) -> Self {
        match &self {
            Self::Untyped(text) => serde_json::from_str(text).unwrap_or(self),
            _ => self,
        }
    }

    /// The value of a text without a type: JSON, or else a string.
    fn guessed(self) -> Self {
        match &self {
            Self::Untyped(text) if is_none(text) => Self::Null,
            Self::Untyped(text) => {
                let text = text.clone();
                serde_json::from_str(&text).unwrap_or(Self::Text(text))
            }
            _ => self,
        }
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Option,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Number(text) => Unexpected::Other(text),
            Self::Text(text) | Self::Untyped(text) => Unexpected::Str(text),
            Self::List(_) => Unexpected::Seq,
            Self::Map(_) => Unexpected::Map,
        }
    }
}

impl IntoDeserializer<'_, Error> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let range = format_args!("a whole number from {} to {}", $type::MIN, $type::MAX);
            visitor.$visit(self.number(range)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    integers!(
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.guessed() {
            Self::Null => visitor.visit_none(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(text) => {
                if let Ok(value) = text.parse::<u64>() {
                    visitor.visit_u64(value)
                } else if let Ok(value) = text.parse::<i64>() {
                    visitor.visit_i64(value)
                } else if text.parse::<f64>().is_ok() {
                    visitor.visit_f64(Self::Number(text).float()?)
                } else {
                    visitor.visit_string(text)
                }
            }
            Self::Text(text) | Self::Untyped(text) => visitor.visit_string(text),
            Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            Self::Map(entries) => visitor.visit_map(MapDeserializer::new(keyed(entries))),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.number("`true` or `false`")?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f32(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self {
            Self::Untyped(text) => {
                visitor.visit_string(unquoted(text).unwrap_or_else(|| text.clone()))
            }
            _ => visitor.visit_string(self.leaf().ok_or_else(|| self.is_not("a text"))?),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self {
            Self::Null => visitor.visit_none(),
            Self::Untyped(text) if is_none(text) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self {
            Self::Null => visitor.visit_unit(),
            Self::Untyped(text) if is_none(text) => visitor.visit_unit(),
            _ => Err(self.is_not("`None`")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.into_json() {
            Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            other => Err(other.is_not("a JSON list, like `[1, 2]`")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.into_json() {
            Self::Map(entries) => visitor.visit_map(MapDeserializer::new(keyed(entries))),
            other => Err(other.is_not("a JSON object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.into_json() {
            // serde deserializes structs from lists too.
            Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            other => other.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = match self.into_json() {
            Self::Map(mut entries) => entries.pop().map(|(name, data)| Variant {
                name,
                data: Some(data),
            }),
            Self::Text(name) | Self::Untyped(name) => Some(Variant { name, data: None }),
            other => return Err(other.is_not("a variant")),
        };
        visitor.visit_enum(variant.ok_or_else(|| Error::new("`{}` is not a variant"))?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// A key of a map, whose type is that of the map.
fn keyed(entries: Vec<(String, Tree)>) -> impl Iterator<Item = (Tree, Tree)> {
    entries
        .into_iter()
        .map(|(key, value)| (Tree::Untyped(key), value))
}

struct Variant {
    name: String,
    data: Option<Tree>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name = Tree::Text(self.name.clone());
        Ok((seed.deserialize(name)?, self))
    }
}

impl Variant {
    fn data(self) -> Result<Tree, Error> {
        let Self { name, data } = self;
        data.ok_or_else(|| {
            Error::new(format!(
                "the variant `{name}` has data: give it as JSON, like `{{\"{name}\":…}}`"
            ))
        })
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.data {
            None | Some(Tree::Null) => Ok(()),
            Some(data) => Err(serde::de::Error::invalid_type(
                data.unexpected(),
                &"no data",
            )),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.data()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.data()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.data()?.deserialize_struct("", fields, visitor)
    }
}
