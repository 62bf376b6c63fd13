//! From bytes, however they are split, to the texts of packages.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::inflater::{Inflated, Inflater, Inflaters, Pace};
use super::scan::{Scan, Scanned, is_white_space};
use super::{Encoding, MAX_NESTING};

/// Takes what a peer sends apart into packages. Each unit is a package in plain JSON or a zlib
/// stream of packages, told apart by its first bytes (the [protocol](crate::protocol), "Framing").
///
/// It holds at most one incomplete package of `max_package_bytes` and one inflater, and none of
/// either between units. What it returns never depends on how the bytes were split.
pub struct Decoder {
    max_package_bytes: usize,
    framing: Framing,
    unit: Unit,
    /// The encoding of that unit, if there is one, also once it is broken.
    under_way: Option<Encoding>,
    scan: Scan,
    /// What came of an incomplete package, or of the one returned last.
    partial: Vec<u8>,
    /// Whether `partial` was returned and is to be cleared.
    returned: bool,
    /// What was done since the last step.
    work: usize,
}

/// What the next byte belongs to.
enum Unit {
    /// The next unit, if it is not white space.
    Between,
    /// What begins with this byte, as a zlib header may.
    Header(u8),
    /// A package in plain JSON.
    Plain,
    /// A zlib stream, behind its header. There was no inflater for it yet.
    Waiting([u8; 2]),
    /// A zlib stream, between its packages or inside one.
    Zlib(Box<Inflater>, Inside),
    /// Nothing any more.
    Broken(Violation),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Between,
    /// No package, but what begins with this byte, as a zlib header may.
    Header(u8),
    Package,
}

/// How units are told apart, and what is told of those that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// What begins like a zlib header is a zlib stream, and takes an inflater or breaks the protocol:
    /// until version 2 of the core's behaviour.
    ByFirstByte,
    /// Only what begins with a zlib header is a zlib stream; it waits for an inflater.
    ByHeader,
}

/// The text of one package, `{` to `}`, not checked any further, and how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The bytes from the package's first brace to its last.
    pub text: &'a [u8],
    /// The encoding it came in.
    pub encoding: Encoding,
}

/// What came of one [`Decoder::step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The next package.
    Package(Decoded<'a>),
    /// No package yet; the next step may have one.
    Taken,
    /// All of the input is taken, and more is needed.
    Hungry,
    /// A zlib stream needs an inflater, and there is none: try again when one was given back.
    NoInflater,
}

/// What is missing when nothing more comes. Displays as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfinished {
    /// The rest of a package.
    Package,
    /// The first package of a zlib stream.
    Stream,
}

/// Where the text of a package lies.
enum Place<'a> {
    Input(&'a [u8]),
    Partial,
    Ring(Range<usize>),
}

/// A [`Step`] whose package was not looked up yet.
enum Advance<'a> {
    Package(Place<'a>, Encoding),
    Taken,
    Hungry,
    NoInflater,
}

impl Decoder {
    /// What one block of a zlib stream counts as [work](Decoder::step): its Huffman tables take up to
    /// 6.6 µs to make, even if there is nothing in it, and it may be 10 bits long. A byte of a package
    /// that is all attributes takes 11 ns to read. (Both on a busy virtual x86-64 machine.)
    pub const BLOCK_WORK: usize = 512;

    /// A decoder for a new connection.
    pub fn new(max_package_bytes: usize) -> Self {
        Decoder::with_framing(Framing::ByHeader, max_package_bytes)
    }

    pub(crate) fn with_framing(framing: Framing, max_package_bytes: usize) -> Self {
        Decoder {
            max_package_bytes,
            framing,
            unit: Unit::Between,
            under_way: None,
            scan: Scan::default(),
            partial: Vec::new(),
            returned: false,
            work: 0,
        }
    }

    /// The next package, taken from the front of `input`; `None` when all of `input` is taken and
    /// more is needed. `inflaters` must be the same pool at every call.
    ///
    /// # Errors
    /// The peer does not speak the protocol, or there is no inflater. Every later call says the same.
    pub fn decode<'d, 'i: 'd>(
        &'d mut self,
        inflaters: &mut Inflaters,
        input: &mut &'i [u8],
    ) -> Result<Option<Decoded<'d>>, Violation> {
        self.trim();
        loop {
            match self.advance(inflaters, input)? {
                Advance::Package(place, encoding) => {
                    return Ok(Some(self.decoded(place, encoding)));
                }
                Advance::Taken => {}
                Advance::Hungry => return Ok(None),
                Advance::NoInflater => {
                    return Err(self.violated(inflaters, Violation::TooManyStreams));
                }
            }
        }
    }

    /// Does a part of what [`Decoder::decode`] does, of which each takes little work: one block of a
    /// zlib stream at most, or one package. Adds to `work` what it took, in bytes: each byte taken in
    /// counts, each byte inflated, and each block as [`BLOCK_WORK`](Decoder::BLOCK_WORK) of them.
    ///
    /// # Errors
    /// The peer does not speak the protocol. Every later call says the same.
    pub fn step<'d, 'i: 'd>(
        &'d mut self,
        inflaters: &mut Inflaters,
        input: &mut &'i [u8],
        work: &mut usize,
    ) -> Result<Step<'d>, Violation> {
        self.trim();
        let advanced = self.advance(inflaters, input)?;
        *work += core::mem::take(&mut self.work);
        Ok(match advanced {
            Advance::Package(place, encoding) => Step::Package(self.decoded(place, encoding)),
            Advance::Taken => Step::Taken,
            Advance::Hungry => Step::Hungry,
            Advance::NoInflater => Step::NoInflater,
        })
    }

    /// Whether no further package can be had without more input.
    pub fn is_hungry(&self) -> bool {
        match &self.unit {
            Unit::Between | Unit::Header(_) | Unit::Plain => true,
            Unit::Zlib(inflater, _) => inflater.is_hungry(),
            Unit::Waiting(_) | Unit::Broken(_) => false,
        }
    }

    /// The encoding of the unit that has begun and not ended, or that broke the protocol.
    pub fn under_way(&self) -> Option<Encoding> {
        self.under_way
    }

    /// Whether it stands between packages: no byte of an incomplete one has come.
    pub fn is_between_packages(&self) -> bool {
        !matches!(self.unit, Unit::Plain | Unit::Zlib(_, Inside::Package))
    }

    /// What is missing, if nothing more comes. A zlib stream may stay open behind its packages.
    pub fn unfinished(&self) -> Option<Unfinished> {
        match &self.unit {
            Unit::Between | Unit::Broken(_) => None,
            Unit::Zlib(inflater, Inside::Between) if inflater.carried_package() => None,
            Unit::Plain | Unit::Zlib(_, Inside::Package) => Some(Unfinished::Package),
            Unit::Header(_) | Unit::Waiting(_) | Unit::Zlib(..) => Some(Unfinished::Stream),
        }
    }

    /// Whether it holds an inflater: a zlib stream has begun and not ended.
    pub fn holds_inflater(&self) -> bool {
        matches!(self.unit, Unit::Zlib(..))
    }

    /// Gives it the inflater that [`Step::NoInflater`] told it needs, if one is free, although
    /// [others wait](Inflaters::set_aside).
    pub(crate) fn provide(&mut self, inflaters: &mut Inflaters) {
        if let Unit::Waiting(header) = self.unit
            && let Some(inflater) = inflaters.lend_set_aside(header)
        {
            self.unit = Unit::Zlib(inflater, Inside::Between);
        }
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

    fn decoded<'d, 'i: 'd>(&'d mut self, place: Place<'i>, encoding: Encoding) -> Decoded<'d> {
        let text = match (place, &self.unit) {
            (Place::Input(text), _) => text,
            (Place::Ring(range), Unit::Zlib(inflater, _)) => inflater.at(range),
            _ => {
                self.returned = true;
                &self.partial
            }
        };
        Decoded { text, encoding }
    }

    fn advance<'a>(
        &mut self,
        inflaters: &mut Inflaters,
        input: &mut &'a [u8],
    ) -> Result<Advance<'a>, Violation> {
        let advanced = self.next(inflaters, input);
        advanced.map_err(|violation| self.violated(inflaters, violation))
    }

    /// Nothing that comes is looked at any more.
    fn violated(&mut self, inflaters: &mut Inflaters, violation: Violation) -> Violation {
        let under_way = self.under_way;
        self.release(inflaters);
        self.under_way = under_way;
        self.unit = Unit::Broken(violation);
        violation
    }

    fn next<'a>(
        &mut self,
        inflaters: &mut Inflaters,
        input: &mut &'a [u8],
    ) -> Result<Advance<'a>, Violation> {
        match &mut self.unit {
            Unit::Broken(violation) => Err(*violation),
            Unit::Between => {
                let blank = blanks(input);
                *input = &input[blank..];
                self.work += blank;
                let Some(&first) = input.first() else {
                    return Ok(Advance::Hungry);
                };
                self.unit = if first == b'{' {
                    self.under_way = Some(Encoding::Plain);
                    Unit::Plain
                } else if !may_begin_header(first) {
                    return Err(Violation::NotAPackage(first));
                } else if self.framing == Framing::ByFirstByte {
                    self.under_way = Some(Encoding::Zlib);
                    let inflater = inflaters.lend().ok_or(Violation::TooManyStreams)?;
                    Unit::Zlib(inflater, Inside::Between)
                } else {
                    *input = &input[1..];
                    self.work += 1;
                    Unit::Header(first)
                };
                Ok(Advance::Taken)
            }
            Unit::Header(first) => {
                let Some((&second, rest)) = input.split_first() else {
                    return Ok(Advance::Hungry);
                };
                let header = [*first, second];
                check_header(header)?;
                *input = rest;
                self.work += 1;
                self.under_way = Some(Encoding::Zlib);
                self.unit = Unit::Waiting(header);
                Ok(Advance::Taken)
            }
            Unit::Waiting(header) => {
                let Some(inflater) = inflaters.lend_with(*header) else {
                    return Ok(Advance::NoInflater);
                };
                self.unit = Unit::Zlib(inflater, Inside::Between);
                Ok(Advance::Taken)
            }
            Unit::Plain => {
                let (taken, whole) = package(
                    &mut self.scan,
                    &mut self.partial,
                    input,
                    self.max_package_bytes,
                )?;
                self.work += taken;
                let (piece, rest) = input.split_at(taken);
                *input = rest;
                if !whole {
                    return Ok(Advance::Hungry);
                }
                self.unit = Unit::Between;
                self.under_way = None;
                let place = if self.partial.is_empty() {
                    Place::Input(piece)
                } else {
                    Place::Partial
                };
                Ok(Advance::Package(place, Encoding::Plain))
            }
            Unit::Zlib(..) => self.next_in_stream(inflaters, input),
        }
    }

    fn next_in_stream<'a>(
        &mut self,
        inflaters: &mut Inflaters,
        input: &mut &'a [u8],
    ) -> Result<Advance<'a>, Violation> {
        let Unit::Zlib(inflater, inside) = &mut self.unit else {
            unreachable!("a stream is open");
        };
        let careful = self.framing == Framing::ByHeader;
        if *inside == Inside::Between {
            let blank = blanks(inflater.bytes());
            inflater.take(blank);
            // White space costs a stream almost nothing: it counts as package bytes.
            inflater.blank += blank;
            if inflater.blank > self.max_package_bytes {
                return Err(if careful {
                    Violation::NoPackage
                } else {
                    Violation::TooLarge
                });
            }
            match inflater.bytes().first() {
                Some(b'{') => *inside = Inside::Package,
                Some(&first) if careful && may_begin_header(first) => {
                    inflater.take(1);
                    *inside = Inside::Header(first);
                }
                Some(&other) => return Err(Violation::NotAPackage(other)),
                None => {}
            }
        }
        if let (Inside::Header(first), Some(second)) = (*inside, inflater.bytes().first()) {
            return Err(match check_header([first, *second]) {
                Ok(()) => Violation::DoubleZlib,
                Err(_) => Violation::NotAPackage(first),
            });
        }
        if inflater.bytes().is_empty() {
            let pace = if careful {
                Pace::OneBlock
            } else {
                Pace::ManyBlocks
            };
            let inflated = inflater.inflate(input, self.max_package_bytes, pace);
            self.work += inflater.take_work();
            return match inflated {
                Err(Violation::TooLarge) if careful => Err(match inside {
                    Inside::Package => Violation::TooLargeEncoded,
                    Inside::Between | Inside::Header(_) => Violation::NoPackage,
                }),
                Err(violation) => Err(violation),
                Ok(Inflated::Bytes) => Ok(Advance::Taken),
                Ok(Inflated::Hungry) => Ok(Advance::Hungry),
                Ok(Inflated::Done) => match *inside {
                    Inside::Package => Err(Violation::CutPackage),
                    Inside::Header(first) => Err(Violation::NotAPackage(first)),
                    Inside::Between if !inflater.carried_package() => Err(Violation::EmptyStream),
                    Inside::Between => {
                        self.release(inflaters);
                        Ok(Advance::Taken)
                    }
                },
            };
        }
        let (taken, whole) = package(
            &mut self.scan,
            &mut self.partial,
            inflater.bytes(),
            self.max_package_bytes,
        )?;
        let taken = inflater.take(taken);
        if !whole {
            return Ok(Advance::Taken);
        }
        inflater.package_ended();
        *inside = Inside::Between;
        let place = if self.partial.is_empty() {
            Place::Ring(taken)
        } else {
            Place::Partial
        };
        Ok(Advance::Package(place, Encoding::Zlib))
    }
}

/// How many bytes at the front are white space.
fn blanks(bytes: &[u8]) -> usize {
    let blank = bytes.iter().take_while(|&&byte| is_white_space(byte));
    blank.count()
}

/// Whether a zlib header may begin with this byte (RFC 1950: CM = 8, CINFO ≤ 7).
fn may_begin_header(byte: u8) -> bool {
    byte & 0x0f == 8 && byte >> 4 <= 7
}

/// Whether these are a zlib header that a stream without a preset dictionary has; the first may begin
/// one.
fn check_header(header: [u8; 2]) -> Result<(), Violation> {
    /// What nearly all zlib streams begin with: the largest window.
    const USUAL: u8 = 0x78;
    const DICTIONARY: u8 = 0x20;
    let [first, second] = header;
    let is_text = second.is_ascii_graphic() || second.is_ascii_whitespace();
    if u16::from_be_bytes(header).is_multiple_of(31) && second & DICTIONARY == 0 {
        Ok(())
    } else if first == USUAL && !is_text {
        // Nobody types that: it was to be zlib.
        Err(Violation::BadZlib)
    } else {
        Err(Violation::NotAHeader(header))
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
            let needed = partial.len() + piece.len();
            if needed > partial.capacity() {
                // Twice as much as there is, but no more than there can be.
                let target = (2 * partial.len()).min(max).max(needed);
                partial.reserve_exact(target - partial.len());
            }
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
    /// A unit starts with these bytes; zlib may start with the first, but not with both.
    NotAHeader([u8; 2]),
    /// A package is longer than the limit.
    TooLarge,
    /// A package in a zlib stream is longer than the limit as it is encoded.
    TooLargeEncoded,
    /// A zlib stream goes on for longer than a package may be, decoded or encoded, without one.
    NoPackage,
    /// A package nests objects and arrays deeper than [`MAX_NESTING`].
    TooDeep,
    /// There is a zlib stream inside a zlib stream.
    DoubleZlib,
    /// A zlib stream is damaged, or needs a preset dictionary.
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
            Violation::NotAHeader([first, second]) => write!(
                f,
                "A package must be a JSON object or a zlib stream of them; neither starts with the \
                 bytes 0x{first:02x} 0x{second:02x}."
            ),
            Violation::TooLarge => write!(f, "The package is too large."),
            Violation::TooLargeEncoded => write!(
                f,
                "The package is too large: its zlib stream takes more bytes than a package may have."
            ),
            Violation::NoPackage => write!(
                f,
                "The zlib stream goes on for longer than a package may be, without a package."
            ),
            Violation::TooDeep => {
                write!(
                    f,
                    "The package nests objects and arrays more than {MAX_NESTING} deep."
                )
            }
            Violation::DoubleZlib => write!(
                f,
                "The zlib stream carries another zlib stream. Compress each package once."
            ),
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

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unfinished::Package => "The connection ended inside a package.",
            Unfinished::Stream => {
                "The connection ended inside a zlib stream, before its first package."
            }
        })
    }
}
