//! The body of a request: kept from being small on the wire and huge in memory.
//!
//! An element of a list can take two bytes there and some hundred here, and a
//! message is decoded whole before its handler can refuse it. So its fields are
//! counted as they come in. What is no valid message is for the decoder to refuse.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use crate::error::{Error, Reason};

/// How many fields one message may have, each element of a list counted. The
/// longest list that any method takes has 10,000.
const FIELDS_MAX: usize = 16_384;
/// What stands before each message: one byte for its compression, four for its
/// length.
const HEAD_BYTES: u8 = 5;

/// The same body, which fails where a message has too many fields.
pub(super) fn counted(body: Body) -> Body {
    Body::new(CountedBody { inner: body, counter: Counter::default() })
}

struct CountedBody {
    inner: Body,
    counter: Counter,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { inner, counter } = self.get_mut();
        let frame = ready!(Pin::new(inner).poll_frame(cx));
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
        if data.is_some_and(|data| !counter.admits(data)) {
            let message = format!(
                "a message of the request has more than {FIELDS_MAX} fields and elements of lists; send it in parts"
            );
            return Poll::Ready(Some(Err(Error::new(Reason::InvalidArgument, message).into())));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Counts the fields of messages whose bytes come in any pieces.
#[derive(Default)]
struct Counter {
    place: Place,
    /// How much of the message is still to come.
    left: u64,
    fields: usize,
}

/// Where in a message the next byte stands.
#[derive(Clone, Copy)]
enum Place {
    /// In what stands before it: so many bytes were seen, with this length.
    Head(u8, u32),
    /// In the tag of a field, as far as it is read.
    Tag(Varint),
    /// In a number.
    Number,
    /// In the length of a field, as far as it is read.
    Length(Varint),
    /// In content, so much of which is to come.
    Content(u64),
}

impl Default for Place {
    fn default() -> Self {
        Self::Head(0, 0)
    }
}

#[derive(Clone, Copy, Default)]
struct Varint {
    value: u64,
    shift: u32,
}

impl Varint {
    /// The number with one byte more, and whether that was its last.
    fn with(self, byte: u8) -> (Self, bool) {
        let bits = u64::from(byte & 0x7f).checked_shl(self.shift).unwrap_or_default();
        let number = Self { value: self.value | bits, shift: self.shift.saturating_add(7) };
        (number, byte < 0x80)
    }
}

impl Counter {
    /// Whether the messages are still such as can be decoded after these bytes.
    fn admits(&mut self, mut data: &[u8]) -> bool {
        while let [byte, rest @ ..] = data {
            if let Place::Head(seen, length) = self.place {
                // The first byte is shifted out by the four of the length.
                let length = length << 8 | u32::from(*byte);
                self.place = Place::Head(seen + 1, length);
                if seen + 1 == HEAD_BYTES {
                    *self = Self { left: length.into(), ..Self::default() };
                    self.go(Place::Tag(Varint::default()));
                }
                data = rest;
                continue;
            }
            let taken = match self.place {
                Place::Content(bytes) => bytes.min(self.left).min(data.len() as u64),
                _ => 1,
            };
            self.left -= taken;
            let next = self.after(*byte, taken);
            self.go(next);
            data = data.get(usize::try_from(taken).unwrap_or(usize::MAX)..).unwrap_or_default();
            if self.fields > FIELDS_MAX {
                return false;
            }
        }
        true
    }

    /// Goes on in the message, or to the next one where it is over.
    fn go(&mut self, next: Place) {
        self.place = if self.left == 0 { Place::default() } else { next };
    }

    fn after(&mut self, byte: u8, taken: u64) -> Place {
        /// What the lowest three bits of a tag tell.
        const NUMBER: u64 = 0;
        const EIGHT_BYTES: u64 = 1;
        const CONTENT: u64 = 2;
        const FOUR_BYTES: u64 = 5;

        let tag = || Place::Tag(Varint::default());
        match self.place {
            Place::Head(..) => self.place,
            Place::Tag(part) => match part.with(byte) {
                (part, false) => Place::Tag(part),
                (whole, true) => {
                    self.fields += 1;
                    match whole.value & 7 {
                        NUMBER => Place::Number,
                        EIGHT_BYTES => Place::Content(8),
                        CONTENT => Place::Length(Varint::default()),
                        FOUR_BYTES => Place::Content(4),
                        // The start or the end of a group.
                        _ => tag(),
                    }
                }
            },
            Place::Number if byte >= 0x80 => Place::Number,
            Place::Number => tag(),
            Place::Length(part) => match part.with(byte) {
                (part, false) => Place::Length(part),
                (Varint { value: 0, .. }, true) => tag(),
                (whole, true) => Place::Content(whole.value),
            },
            Place::Content(bytes) if bytes > taken => Place::Content(bytes - taken),
            Place::Content(_) => tag(),
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tenantry_client::v1::{BatchCreateDatabasesRequest, Database};

    use super::*;

    /// A message as it comes over the wire.
    fn framed(message: &BatchCreateDatabasesRequest) -> Vec<u8> {
        let mut framed = vec![0];
        framed.extend(u32::try_from(message.encoded_len()).expect("fits").to_be_bytes());
        framed.extend(message.encode_to_vec());
        framed
    }

    /// A batch that has `fields` fields.
    fn batch(fields: usize, database: &Database) -> Vec<u8> {
        let databases = vec![database.clone(); fields - 1];
        framed(&BatchCreateDatabasesRequest { databases, request_id: "r".repeat(300) })
    }

    #[test]
    fn counts_the_fields_of_each_message_in_whatever_pieces() {
        let full = Database {
            name: "x".repeat(200),
            generation: u64::MAX,
            create_time: Some(prost_types::Timestamp { seconds: -1, nanos: 1 }),
            ..Database::default()
        };
        for database in [Database::default(), full] {
            let (fits, too_many) = (batch(FIELDS_MAX, &database), batch(FIELDS_MAX + 1, &database));
            let empty = framed(&BatchCreateDatabasesRequest::default());
            let good = [&fits[..], &empty, &fits].concat();
            let bad = [&fits[..], &empty, &too_many].concat();
            for piece_bytes in [1, 3, 1_000, usize::MAX] {
                let admits = |bytes: &[u8]| {
                    let mut counter = Counter::default();
                    bytes.chunks(piece_bytes).all(|piece| counter.admits(piece))
                };
                assert!(admits(&good) && !admits(&bad), "in pieces of {piece_bytes}");
            }
        }
    }

    #[test]
    fn what_is_no_message_does_no_harm() {
        for byte in 0..=u8::MAX {
            let mut counter = Counter::default();
            for length in [0_u32, 1, 7, 5_000, u32::MAX] {
                counter.admits(&[&[0][..], &length.to_be_bytes(), &[byte; 5_000]].concat());
            }
        }
    }
}
