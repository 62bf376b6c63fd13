//! From bytes, however they are split, to the texts of packages.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::inflater::{Inflated, Inflater, Inflaters, Pace};
use super::message::{self, Written};
use super::scan::{Scan, Scanned, is_white_space};
use super::whole::{self, Tables};
use super::{Encoding, Violation};

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
    /// Only what begins with a zlib header is a zlib stream; it waits for an inflater: until version 4.
    ByHeader,
    /// The same. White space before a package is taken with it, and so is all of a short zlib stream that
    /// has come whole, if there is an inflater for it.
    AtOnce,
}

/// The text of one package, `{` to `}`, not checked any further, and how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The bytes from the package's first brace to its last.
    pub text: &'a [u8],
    /// The encoding it came in.
    pub encoding: Encoding,
    /// What it was read as already, if it is a message that is written plainly.
    pub(super) written: Option<Written<'a>>,
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
    Input(&'a [u8], Option<Written<'a>>),
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
        Decoder::with_framing(Framing::AtOnce, max_package_bytes)
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
        let (text, written) = match (place, &self.unit) {
            (Place::Input(text, written), _) => (text, written),
            (Place::Ring(range), Unit::Zlib(inflater, _)) => (inflater.at(range), None),
            _ => {
                self.returned = true;
                (&*self.partial, None)
            }
        };
        Decoded {
            text,
            encoding,
            written,
        }
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
                if first == b'{' {
                    self.under_way = Some(Encoding::Plain);
                    self.unit = Unit::Plain;
                    if self.framing == Framing::AtOnce {
                        return self.next_of_plain(input);
                    }
                } else if !may_begin_header(first) {
                    return Err(Violation::NotAPackage(first));
                } else if self.framing == Framing::ByFirstByte {
                    self.under_way = Some(Encoding::Zlib);
                    let inflater = inflaters.lend().ok_or(Violation::TooManyStreams)?;
                    self.unit = Unit::Zlib(inflater, Inside::Between);
                } else if self.framing == Framing::AtOnce
                    && inflaters.may_lend()
                    && self.take_whole_stream(inflaters.tables(), input).is_some()
                {
                    return Ok(Advance::Package(Place::Partial, Encoding::Zlib));
                } else {
                    *input = &input[1..];
                    self.work += 1;
                    self.unit = Unit::Header(first);
                }
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
            Unit::Plain => self.next_of_plain(input),
            Unit::Zlib(..) => self.next_in_stream(inflaters, input),
        }
    }

    fn next_of_plain<'a>(&mut self, input: &mut &'a [u8]) -> Result<Advance<'a>, Violation> {
        // Nearly all is messages: to find one's end is to read it.
        if !self.scan.has_begun()
            && let Some((written, taken)) = message::read(input)
            && taken <= self.max_package_bytes
        {
            self.unit = Unit::Between;
            self.under_way = None;
            self.work += taken;
            let (text, rest) = input.split_at(taken);
            *input = rest;
            let place = Place::Input(text, Some(written));
            return Ok(Advance::Package(place, Encoding::Plain));
        }
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
            Place::Input(piece, None)
        } else {
            Place::Partial
        };
        Ok(Advance::Package(place, Encoding::Plain))
    }

    /// Takes a short zlib stream, if that is whole and nothing but one package: into `partial`.
    fn take_whole_stream(&mut self, tables: &mut Tables, input: &mut &[u8]) -> Option<()> {
        check_header(*input.first_chunk()?).ok()?;
        let mut text = Vec::with_capacity(whole::USUAL_TEXT);
        let taken = whole::inflate(input, self.max_package_bytes, tables, &mut text)?;
        let is_package = text.first() == Some(&b'{')
            && (message::read_whole(&text).is_some()
                || Scan::default().piece(&text) == Scanned::End(text.len()));
        if !is_package {
            return None;
        }
        *input = &input[taken..];
        self.work += taken + text.len() + Self::BLOCK_WORK;
        self.partial = text;
        Some(())
    }

    fn next_in_stream<'a>(
        &mut self,
        inflaters: &mut Inflaters,
        input: &mut &'a [u8],
    ) -> Result<Advance<'a>, Violation> {
        let Unit::Zlib(inflater, inside) = &mut self.unit else {
            unreachable!("a stream is open");
        };
        let careful = self.framing != Framing::ByFirstByte;
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
