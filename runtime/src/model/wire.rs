//! The protobuf wire format, as far as ONNX files need it.

/// Builds one message.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// An integer field.
    pub(super) fn int(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    /// A field of bytes: a string, packed numbers or an inner message.
    pub(super) fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// An inner message.
    pub(super) fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// The value of one field.
pub(super) enum Value<'a> {
    Int(u64),
    Bytes(&'a [u8]),
    /// A fixed32 or fixed64 field: nothing that is read here.
    Other,
}

/// Walks over the fields of one message. Ends with `Err` where the bytes are no protobuf.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Int(self.varint()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Other)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

/// The bytes are not what they should be.
#[derive(Debug)]
pub(super) struct Malformed;

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(Malformed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let inner = Message::default().int(1, 300);
        let bytes = Message::default()
            .message(7, &inner)
            .bytes(2, b"name")
            .int(3, u64::MAX)
            .finish();
        let fields: Vec<_> = Fields(&bytes)
            .map(|field| field.expect("a field"))
            .collect();
        assert!(matches!(fields[0], (7, Value::Bytes([0x08, 0xac, 0x02]))));
        assert!(matches!(fields[1], (2, Value::Bytes(b"name"))));
        assert!(matches!(fields[2], (3, Value::Int(u64::MAX))));
    }

    #[test]
    fn bytes_that_end_too_early_are_malformed() {
        let bytes = Message::default().bytes(2, b"a longer name").finish();
        for end in 1..bytes.len() {
            assert!(
                Fields(&bytes[..end]).any(|field| field.is_err()),
                "cut at {end}"
            );
        }
    }
}
