//! The wire format as a client sees it, written from `core/PROTOCOL.md` and apart from the core: what both
//! sides have wrong in the same way would show nowhere.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use crate::wire::ClientPackage;

/// How a client writes its packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Plain JSON, with a line feed behind it as a person at `nc` has it.
    Plain,
    /// A zlib stream for each package.
    Zlib,
    /// One zlib stream for the whole connection, flushed behind each package.
    Stream,
}

impl Framing {
    /// All of them.
    pub const ALL: [Framing; 3] = [Framing::Plain, Framing::Zlib, Framing::Stream];

    /// The bytes of a client that sends all of `script`.
    pub fn encode(self, script: &[ClientPackage<'_>]) -> Vec<u8> {
        let mut writer = Writer::new(self);
        let mut bytes = Vec::new();
        for package in script {
            let mut text = Vec::new();
            package.write(&mut text);
            let text = String::from_utf8(text).expect("JSON is UTF-8");
            bytes.extend(writer.package(&text));
        }
        bytes
    }
}

/// The writing half of a client.
pub struct Writer {
    framing: Framing,
    /// None as long as nothing was compressed: it takes 300 KiB.
    compressor: Option<Box<CompressorOxide>>,
    /// Whether the compressor is to begin a new stream: to prepare it for that takes as long as to compress
    /// some packages, so it is left until there is one.
    is_stale: bool,
}

impl Writer {
    /// A writer for a new connection.
    pub fn new(framing: Framing) -> Self {
        Writer {
            framing,
            compressor: None,
            is_stale: false,
        }
    }

    /// The same with the compressor that it has, if it has one.
    pub fn renew(&mut self, framing: Framing) {
        self.framing = framing;
        self.is_stale = true;
    }

    /// The bytes of the package `text`.
    pub fn package(&mut self, text: &str) -> Vec<u8> {
        let flush = match self.framing {
            Framing::Plain => return format!("{text}\n").into_bytes(),
            Framing::Zlib => TDEFLFlush::Finish,
            Framing::Stream => TDEFLFlush::Sync,
        };
        match &mut self.compressor {
            Some(compressor) if self.is_stale => compressor.reset(),
            Some(_) => {}
            None => {
                let flags = create_comp_flags_from_zip_params(6, 15, 0);
                self.compressor = Some(Box::new(CompressorOxide::new(flags)));
            }
        }
        self.is_stale = self.framing == Framing::Zlib;
        let compressor = self.compressor.as_mut().expect("it was made by now");
        deflate(compressor, text, flush)
    }
}

fn deflate(compressor: &mut CompressorOxide, text: &str, flush: TDEFLFlush) -> Vec<u8> {
    let mut out = Vec::new();
    compress_to_output(compressor, text.as_bytes(), flush, |piece| {
        out.extend_from_slice(piece);
        true
    });
    out
}

/// The reading half of a client.
#[derive(Default)]
pub struct Reader {
    bytes: Vec<u8>,
    /// Where in `bytes` the last package was; what is before its end is done with.
    last: Range<usize>,
}

/// What a server's package came as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its JSON.
    pub text: String,
    /// Whether it came as a zlib stream.
    pub compressed: bool,
}

impl Reader {
    /// Takes in what came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.last.end);
        self.last = 0..0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there are bytes that no package was made of.
    pub fn is_empty(&self) -> bool {
        self.last.end == self.bytes.len()
    }

    /// The bytes of the last package, until more are fed.
    pub fn last_bytes(&self) -> &[u8] {
        &self.bytes[self.last.clone()]
    }

    /// The next whole package. A server writes plain JSON with a line feed, or a zlib stream for
    /// each package, and nothing else.
    ///
    /// # Panics
    /// If it does not.
    pub fn next_package(&mut self) -> Option<Package> {
        let bytes = &self.bytes[self.last.end..];
        let (text, taken, compressed) = if *bytes.first()? == b'{' {
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            (bytes[..end].to_vec(), end + 1, false)
        } else {
            let mut state = InflateState::new_boxed(DataFormat::Zlib);
            let mut text = vec![0; 4 << 20];
            let result = inflate(&mut state, bytes, &mut text, MZFlush::None);
            match result.status {
                Ok(MZStatus::StreamEnd) => {}
                Ok(_) => return None,
                Err(error) => panic!("the server sent a bad zlib stream: {error:?}"),
            }
            text.truncate(result.bytes_written);
            (text, result.bytes_consumed, true)
        };
        self.last = self.last.end..self.last.end + taken;
        let text = String::from_utf8(text).expect("a package is UTF-8");
        assert!(
            text.starts_with(r#"{"type":""#),
            "a package starts with its type: {text}"
        );
        Some(Package { text, compressed })
    }
}
