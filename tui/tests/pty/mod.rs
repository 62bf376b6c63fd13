//! A program in a pseudo-terminal, and what its user sees. Not every test needs all of it.

#![allow(dead_code)]

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

/// How long anything may take. Far more than it does, so that a busy machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a program in it, which is killed when this is dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// None once it has hung up.
    wire: Option<Wire>,
    seen: Arc<Seen>,
    before: Modes,
    home: PathBuf,
}

/// What holds a terminal open.
struct Wire {
    master: Box<dyn MasterPty + Send>,
    /// Open as long as the terminal is, as with a shell in it.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    watching: JoinHandle<()>,
}

/// What the terminal has made of the program's output.
struct Seen {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
    frames: AtomicUsize,
    /// Whether nothing more is to be taken from the program.
    stuck: AtomicBool,
    /// Whether the terminal is about to hang up.
    gone: AtomicBool,
}

/// What a program does to a terminal, and has to undo.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Modes {
    /// The settings of the line discipline, in whatever form the system has them.
    termios: String,
    alternate_screen: bool,
    hidden_cursor: bool,
    bracketed_paste: bool,
    mouse: vt100::MouseProtocolMode,
}

impl Modes {
    /// Whether a program has made the terminal a screen.
    pub(crate) fn is_screen(&self) -> bool {
        self.alternate_screen || self.bracketed_paste
    }
}

impl Terminal {
    /// A terminal of so many columns and rows with a program in it, whose user is called `tester`, and
    /// has a home without anything in it.
    pub(crate) fn open((columns, rows): (u16, u16), program: &str, args: &[&str]) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("the system has pseudo-terminals");
        let seen = Arc::new(Seen {
            parser: Mutex::new(vt100::Parser::new(some(rows), some(columns), 0)),
            changed: Condvar::new(),
            frames: AtomicUsize::new(0),
            stuck: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        });
        let reader = pair.master.try_clone_reader().expect("it is open");
        let watching = watch(reader, seen.clone());
        let before = modes(&*pair.master, &seen);
        let home = new_home();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(&home);
        for variable in ["LOGNAME", "NO_COLOR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        command.env("HOME", &home);
        command.env("USER", "tester");
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command);
        Terminal {
            child: child.expect("the program was built with this test"),
            wire: Some(Wire {
                keyboard: pair.master.take_writer().expect("it is taken once"),
                master: pair.master,
                _slave: pair.slave,
                watching,
            }),
            seen,
            before,
            home,
        }
    }

    /// The user's home, which is the current folder of the program.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Presses keys, as the bytes that a terminal sends for them.
    pub(crate) fn types(&mut self, keys: &str) {
        self.sends(keys.as_bytes());
    }

    /// Sends bytes as if they were keys.
    pub(crate) fn sends(&mut self, bytes: &[u8]) {
        let keyboard = &mut self.wire.as_mut().expect("it is open").keyboard;
        let typed = keyboard.write_all(bytes);
        typed
            .and_then(|()| keyboard.flush())
            .expect("the terminal is open");
    }

    /// Takes nothing more from the program.
    pub(crate) fn gets_stuck(&self) {
        self.seen.stuck.store(true, Ordering::SeqCst);
    }

    /// Is gone, as when its window is closed. The program must show something when a key is pressed.
    pub(crate) fn hangs_up(&mut self) {
        self.seen.gone.store(true, Ordering::SeqCst);
        self.types("x");
        if let Some(wire) = self.wire.take() {
            wire.watching.join().expect("it does not panic");
        }
    }

    fn master(&self) -> &dyn MasterPty {
        &*self.wire.as_ref().expect("it is open").master
    }

    /// Waits until the screen shows this text in one of its rows.
    pub(crate) fn shows(&self, text: &str) {
        self.waits_for(text, |screen| row_with(screen, text).is_some());
    }

    /// Waits until the screen is as it should be, which is called `what`.
    pub(crate) fn waits_for(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let started = Instant::now();
        let mut parser = self
            .seen
            .parser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while !is_so(parser.screen()) {
            let Some(left) = PATIENCE.checked_sub(started.elapsed()) else {
                panic!("{what} is not on\n{}", parser.screen().contents());
            };
            let waited = self.seen.changed.wait_timeout(parser, left);
            (parser, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Has a look at the screen.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        let parser = self
            .seen
            .parser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        look(parser.screen())
    }

    /// The text on the screen.
    pub(crate) fn contents(&self) -> String {
        let parser = self
            .seen
            .parser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        parser.screen().contents()
    }

    /// Shows something that the program knows nothing of.
    pub(crate) fn scribble(&self, text: &str) {
        let mut parser = self
            .seen
            .parser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        parser.process(text.as_bytes());
    }

    /// How often the program has drawn the screen so far.
    pub(crate) fn frames(&self) -> usize {
        self.seen.frames.load(Ordering::SeqCst)
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        {
            let mut parser = self
                .seen
                .parser
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            parser.screen_mut().set_size(some(rows), some(columns));
        }
        let resized = self.master().resize(size(columns, rows));
        resized.expect("the terminal is open");
    }

    /// The modes of the terminal before the program was started.
    pub(crate) fn before(&self) -> &Modes {
        &self.before
    }

    /// The modes of the terminal now.
    pub(crate) fn modes(&self) -> Modes {
        modes(self.master(), &self.seen)
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.process_id().expect("it runs");
        let sent = process::Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(id.to_string())
            .status();
        assert!(sent.expect("every system has kill").success());
    }

    /// The exit status, once the program ends.
    pub(crate) fn status(&mut self) -> u32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.exit_code();
            }
            assert!(
                started.elapsed() < PATIENCE,
                "the program does not end:\n{}",
                self.contents()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already where the test has succeeded.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// The row that has `text` in it, counted from 0.
pub(crate) fn row_with(screen: &vt100::Screen, text: &str) -> Option<usize> {
    let (_, columns) = screen.size();
    screen
        .rows(0, columns.get())
        .position(|row| row.contains(text))
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn some(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has rows and columns")
}

fn modes(master: &dyn MasterPty, seen: &Seen) -> Modes {
    let parser = seen.parser.lock().unwrap_or_else(PoisonError::into_inner);
    let screen = parser.screen();
    Modes {
        termios: format!("{:?}", master.get_termios()),
        alternate_screen: screen.alternate_screen(),
        hidden_cursor: screen.hide_cursor(),
        bracketed_paste: screen.bracketed_paste(),
        mouse: screen.mouse_protocol_mode(),
    }
}

fn watch(mut reader: Box<dyn Read + Send>, seen: Arc<Seen>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        let mut matched = 0;
        while let Ok(count) = reader.read(&mut bytes)
            && count > 0
            && !seen.gone.load(Ordering::SeqCst)
        {
            while seen.stuck.load(Ordering::SeqCst) {
                thread::park();
            }
            let mut parser = seen.parser.lock().unwrap_or_else(PoisonError::into_inner);
            parser.process(&bytes[..count]);
            let frames = bytes[..count]
                .iter()
                .filter(|byte| ends(**byte, &mut matched));
            seen.frames.fetch_add(frames.count(), Ordering::SeqCst);
            seen.changed.notify_all();
        }
    })
}

/// Whether `byte` ends a frame, of whose end so much has come: ratatui shows the cursor then.
fn ends(byte: u8, matched: &mut usize) -> bool {
    const END: &[u8] = b"\x1B[?25h";
    *matched = match byte {
        _ if byte == END[*matched] => *matched + 1,
        b'\x1B' => 1,
        _ => 0,
    };
    let ends = *matched == END.len();
    if ends {
        *matched = 0;
    }
    ends
}

/// An empty folder that no other test has.
fn new_home() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let home = env::temp_dir().join(format!("chatmaster-test-{}-{count}", process::id()));
    fs::create_dir_all(&home).expect("there is room for a folder");
    home
}
