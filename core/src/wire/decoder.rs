//! From bytes, however they are split, to the texts of packages.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::inflater::{Inflated, Inflater, Inflaters};
use super::scan::{Scan, Scanned, is_white_space};
use super::{Encoding, MAX_NESTING};

/// Takes what a peer sends apart into packages. Each unit is a package in plain JSON or a zlib
/// stream of packages, told apart by its first byte (PROTOCOL.md, "Packages on the wire").
///
/// It holds at most one incomplete package of `max_package_bytes` and one inflater, and none of
/// either between units. What it returns never depends on how the bytes were split.
pub struct Decoder {
    max_package_bytes: usize,
    unit: Unit,
    /// The encoding of that unit, if there is one, also once it is broken.
    under_way: Option<Encoding>,
    scan: Scan,
    /// What came of an incomplete package, or of the one returned last.
    partial: Vec<u8>,
    /// Whether `partial` was returned and is to be cleared.
    returned: bool,
}

/// What the next byte belongs to.
enum Unit {
    /// The next unit, if it is not white space.
    Between,
    /// A package in plain JSON.
    Plain,
    /// A zlib stream, between its packages or inside one.
    Zlib(Box<Inflater>, Inside),
    /// Nothing any more.
    Broken(Violation),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Between,
    Package,
}

/// The text of one package, `{` to `}`, not checked any further, and how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The bytes from the package's first brace to its last.
    pub text: &'a [u8],
    /// The encoding it came in.
    pub encoding: Encoding,
}

/// Where the text of a package lies.
enum Place<'a> {
    Input(&'a [u8]),
    Partial,
    Ring(Range<usize>),
}

impl Decoder {
    /// A decoder for a new connection.
    pub fn new(max_package_bytes: usize) -> Self {
        Decoder {
            max_package_bytes,
            unit: Unit::Between,
            under_way: None,
            scan: Scan::default(),
            partial: Vec::new(),
            returned: false,
        }
    }

    /// The next package, taken from the front of `input`; `None` when all of `input` is taken and
    /// more is needed. `inflaters` must be the same pool at every call.
    ///
    /// # Errors
    /// The peer does not speak the protocol. Every later call says the same.
    pub fn decode<'d, 'i: 'd>(
        &'d mut self,
        inflaters: &mut Inflaters,
        input: &mut &'i [u8],
    ) -> Result<Option<Decoded<'d>>, Violation> {
        self.trim();
        match self.next(inflaters, input) {
            Ok(None) => Ok(None),
            Ok(Some((place, encoding))) => {
                let text = match (place, &self.unit) {
                    (Place::Input(text), _) => text,
                    (Place::Ring(range), Unit::Zlib(inflater, _)) => inflater.at(range),
                    _ => {
                        self.returned = true;
                        &self.partial
                    }
                };
                Ok(Some(Decoded { text, encoding }))
            }
            Err(violation) => {
                let under_way = self.under_way;
                self.release(inflaters);
                self.under_way = under_way;
                self.unit = Unit::Broken(violation);
                Err(violation)
            }
        }
    }

    /// Whether no further package can be had without more input.
    pub fn is_hungry(&self) -> bool {
        match &self.unit {
            Unit::Between | Unit::Plain => true,
            Unit::Zlib(inflater, _) => inflater.is_hungry(),
            Unit::Broken(_) => false,
        }
    }

    /// The encoding of the unit that has begun and not ended, or that broke the protocol.
    pub fn under_way(&self) -> Option<Encoding> {
        self.under_way
    }

    /// Whether it stands between packages: no byte of an incomplete one has come.
    pub fn is_between_packages(&self) -> bool {
        matches!(
            self.unit,
            Unit::Between | Unit::Zlib(_, Inside::Between) | Unit::Broken(_)
        )
    }

    /// Gives back the memory of the package returned last, which the next call of
    /// [`Decoder::decode`] does too: for when there may be none for long.
    pub fn trim(&mut self) {
        if self.returned {
            self.returned = false;
            self.partial = Vec::new();
        }
    }

    /// Gives everything it holds back; to be called before it is dropped.
    pub fn release(&mut self, inflaters: &mut Inflaters) {
        self.partial = Vec::new();
        self.returned = false;
        self.under_way = None;
        if let Unit::Zlib(inflater, _) = core::mem::replace(&mut self.unit, Unit::Between) {
            inflaters.give_back(inflater);
        }
    }

    fn next<'a>(
        &mut self,
        inflaters: &mut Inflaters,
        input: &mut &'a [u8],
    ) -> Result<Option<(Place<'a>, Encoding)>, Violation> {
        loop {
            match &mut self.unit {
                Unit::Broken(violation) => return Err(*violation),
                Unit::Between => {
                    let blank = input
                        .iter()
                        .take_while(|&&byte| is_white_space(byte))
                        .count();
                    *input = &input[blank..];
                    let Some(&first) = input.first() else {
                        return Ok(None);
                    };
                    self.unit = if first == b'{' {
                        self.under_way = Some(Encoding::Plain);
                        Unit::Plain
                    } else if first & 0x0f == 8 && first >> 4 <= 7 {
                        self.under_way = Some(Encoding::Zlib);
                        Unit::Zlib(inflaters.lend()?, Inside::Between)
                    } else {
                        return Err(Violation::NotAPackage(first));
                    };
                }
                Unit::Plain => {
                    let (taken, whole) = package(
                        &mut self.scan,
                        &mut self.partial,
                        input,
                        self.max_package_bytes,
                    )?;
                    let (piece, rest) = input.split_at(taken);
                    *input = rest;
                    if !whole {
                        return Ok(None);
                    }
                    self.unit = Unit::Between;
                    self.under_way = None;
                    let place = if self.partial.is_empty() {
                        Place::Input(piece)
                    } else {
                        Place::Partial
                    };
                    return Ok(Some((place, Encoding::Plain)));
                }
                Unit::Zlib(inflater, inside) => {
                    if *inside == Inside::Between {
                        let blank = inflater
                            .bytes()
                            .iter()
                            .take_while(|&&b| is_white_space(b))
                            .count();
                        inflater.take(blank);
                        // White space costs a stream almost nothing: it counts as package bytes.
                        inflater.blank += blank;
                        if inflater.blank > self.max_package_bytes {
                            return Err(Violation::TooLarge);
                        }
                        match inflater.bytes().first() {
                            Some(b'{') => *inside = Inside::Package,
                            Some(&other) => return Err(Violation::NotAPackage(other)),
                            None => {}
                        }
                    }
                    if inflater.bytes().is_empty() {
                        match inflater.inflate(input, self.max_package_bytes)? {
                            Inflated::Bytes => {}
                            Inflated::Hungry => return Ok(None),
                            Inflated::Done if *inside == Inside::Package => {
                                return Err(Violation::CutPackage);
                            }
                            Inflated::Done if !inflater.carried_package() => {
                                return Err(Violation::EmptyStream);
                            }
                            Inflated::Done => self.release(inflaters),
                        }
                        continue;
                    }
                    let (taken, whole) = package(
                        &mut self.scan,
                        &mut self.partial,
                        inflater.bytes(),
                        self.max_package_bytes,
                    )?;
                    let taken = inflater.take(taken);
                    if whole {
                        inflater.package_ended();
                        *inside = Inside::Between;
                        let place = if self.partial.is_empty() {
                            Place::Ring(taken)
                        } else {
                            Place::Partial
                        };
                        return Ok(Some((place, Encoding::Zlib)));
                    }
                }
            }
        }
    }
}

/// Scans `piece` of a package: how many of its bytes belong to the package, and whether it is whole
/// with them. What is to be kept is appended to `partial`, unless the package lies whole in `piece`.
fn package(
    scan: &mut Scan,
    partial: &mut Vec<u8>,
    piece: &[u8],
    max: usize,
) -> Result<(usize, bool), Violation> {
    let room = max - partial.len();
    let within = &piece[..piece.len().min(room)];
    match scan.piece(within) {
        Scanned::End(taken) => {
            if !partial.is_empty() {
                partial.extend_from_slice(&piece[..taken]);
            }
            *scan = Scan::default();
            Ok((taken, true))
        }
        Scanned::More if piece.len() > room => Err(Violation::TooLarge),
        Scanned::More => {
            partial.extend_from_slice(piece);
            Ok((piece.len(), false))
        }
        Scanned::TooDeep => Err(Violation::TooDeep),
    }
}

/// How a peer broke the protocol so that nothing behind it can be made out. Displays as a sentence
/// for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A unit starts with this byte, which neither JSON nor zlib does.
    NotAPackage(u8),
    /// A package is longer than the limit, decoded or encoded.
    TooLarge,
    /// A package nests objects and arrays deeper than [`MAX_NESTING`].
    TooDeep,
    /// A zlib stream is damaged.
    BadZlib,
    /// The checksum at a zlib stream's end is wrong.
    Checksum,
    /// A zlib stream ended without a package.
    EmptyStream,
    /// A zlib stream ended inside a package.
    CutPackage,
    /// The server has no room for one more open zlib stream.
    TooManyStreams,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Violation::NotAPackage(byte) => write!(
                f,
                "A package must be a JSON object or a zlib stream of them; neither starts with the \
                 byte 0x{byte:02x}."
            ),
            Violation::TooLarge => write!(f, "The package is too large."),
            Violation::TooDeep => {
                write!(
                    f,
                    "The package nests objects and arrays more than {MAX_NESTING} deep."
                )
            }
            Violation::BadZlib => write!(f, "The zlib stream is damaged."),
            Violation::Checksum => write!(f, "The zlib stream's checksum is wrong."),
            Violation::EmptyStream => write!(f, "The zlib stream ended without a package."),
            Violation::CutPackage => write!(f, "The zlib stream ended inside a package."),
            Violation::TooManyStreams => write!(
                f,
                "The server has too many open zlib streams. Try again later, with a stream for \
                 each package or with plain JSON."
            ),
        }
    }
}

impl core::error::Error for Violation {}
