//! The file of settings: one TOML file, which is read at the start and written only when the user
//! changes something. What is in it and makes no sense is no reason not to start.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use toml_edit::{Document, DocumentMut, Item, TomlError, Value};

use super::{RawValue, Setting, Settings};
use crate::dirs;
use crate::error::cause;
use crate::private_file;

/// Where settings are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsFile {
    /// In the platform's folder for that.
    Default,
    /// In this file.
    Path(PathBuf),
    /// Nowhere.
    None,
}

impl SettingsFile {
    /// The file's path, if there is to be one.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            SettingsFile::Default => dirs::config().map(|folder| folder.join("config.toml")),
            SettingsFile::Path(path) => Some(path.clone()),
            SettingsFile::None => None,
        }
    }

    /// The settings in the file over the defaults, and what is wrong with it: sentences that name the
    /// file and the line.
    pub fn load(&self) -> (Settings, Vec<String>) {
        let mut settings = Settings::default();
        let Some(path) = self.path() else {
            return (settings, Vec::new());
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && *self == SettingsFile::Default =>
            {
                return (settings, Vec::new());
            }
            Err(error) => return (settings, vec![cannot("read", &path, &error)]),
        };
        let (found, wrong) = read(&text);
        for setting in found {
            settings.apply(setting);
        }
        let wrong = wrong
            .into_iter()
            .map(|wrong| format!("{}, {wrong}", path.display()))
            .collect();
        (settings, wrong)
    }

    /// Writes a setting into the file, which is made if need be: whole or not at all, and with all else
    /// that is in it as it was. The path of the file comes back.
    ///
    /// # Errors
    /// A sentence: why it could not be written.
    pub fn keep(&self, setting: &Setting) -> Result<PathBuf, String> {
        let Some(path) = self.path() else {
            return Err("Settings are not kept: there is no file for them.".into());
        };
        // Whoever has a link there keeps it.
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let text = match fs::read_to_string(&real) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(cannot("read", &path, &error)),
        };
        let text = edited(&text, setting).map_err(|wrong| {
            format!("Not kept: {}, {wrong} Correct that first.", path.display())
        })?;
        replace(&real, &text).map_err(|error| cannot("write", &path, &error))?;
        Ok(path)
    }
}

/// The settings in `text`, and what is wrong with it, each with its line.
fn read(text: &str) -> (Vec<Setting>, Vec<String>) {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return (Vec::new(), vec![explained(text, &error)]),
    };
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (key, item) in document.as_table() {
        let given = match item {
            Item::Value(Value::String(text)) => RawValue::Text(text.value()),
            Item::Value(Value::Boolean(on)) => RawValue::Bool(*on.value()),
            Item::Value(Value::Integer(number)) => RawValue::Integer(*number.value()),
            _ => RawValue::Other,
        };
        match Setting::parse(key, given) {
            Ok(setting) => found.push(setting),
            Err(unfit) => {
                let known = document.as_table().key(key);
                let at = known
                    .and_then(|key| key.span())
                    .map_or(0, |span| span.start);
                wrong.push(format!("line {}: {unfit}", line_of(text, at)));
            }
        }
    }
    (found, wrong)
}

/// `text` with the setting in it.
fn edited(text: &str, setting: &Setting) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: TomlError| explained(text, &error))?;
    let mut value = setting.value();
    match document.get_mut(setting.key()).and_then(Item::as_value_mut) {
        Some(old) => {
            // With the comment behind it.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => drop(document.insert(setting.key(), Item::Value(value))),
    }
    Ok(document.to_string())
}

fn explained(text: &str, error: &TomlError) -> String {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let what = error.message().lines().collect::<Vec<_>>().join("; ");
    format!("line {line}: {what}.")
}

/// The line that has the byte `at` in it, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// Writes another file and puts it in the place of this one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", process::id()));
    let new = PathBuf::from(name);
    let written = write_new(&new, path, text).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // There may be none, if that is what has failed.
        let _ = fs::remove_file(&new);
    }
    written
}

fn write_new(new: &Path, old: &Path, text: &str) -> io::Result<()> {
    let mut file = private_file::options()
        .write(true)
        .create(true)
        .truncate(true)
        .open(new)?;
    if let Ok(metadata) = fs::metadata(old) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("Cannot {what} {}: {}.", path.display(), cause(error))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::{Bell, Theme};
    use super::*;

    /// A folder of its own, which goes with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("chatmaster-{name}-{}", process::id()));
            fs::create_dir_all(&folder).expect("there is room for a folder");
            Folder(folder)
        }

        fn place(&self) -> SettingsFile {
            SettingsFile::Path(self.0.join("config.toml"))
        }

        fn write(&self, text: &str) {
            fs::write(self.0.join("config.toml"), text).expect("there is room for a file");
        }

        fn text(&self) -> String {
            fs::read_to_string(self.0.join("config.toml")).expect("it was written")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_in_the_file_is_taken_over() {
        let (found, wrong) = read("# mine\nname = \"bob\"\nmouse = false # no\ntheme = 'light'\n");
        let expected = [
            Setting::Name("bob".into()),
            Setting::Mouse(false),
            Setting::Theme(Theme::Light),
        ];
        assert_eq!(found, expected);
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_line_and_the_rest_is_taken_over() {
        let (found, wrong) = read("bell = \"loud\"\n\nnmae = \"bob\"\n[colours]\nred = 1\n");
        assert_eq!(found, []);
        assert_eq!(
            wrong,
            [
                "line 1: bell must be mentions, all or off.",
                "line 3: There is no setting nmae. Did you mean name?",
                "line 4: There is no setting colours; there are name, room, address, encoding, \
                 runtime, theme, bell, joins, mouse, history, rooms, log, scrollback.",
            ]
        );
        let (found, wrong) = read("mouse = true\nbell = loud\n");
        assert_eq!(found, []);
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("line 2: "), "{wrong:?}");
    }

    #[test]
    fn a_change_leaves_all_else_as_it_was() {
        let before = "# mine\nname = \"bob\" # me\n\n# quiet\nbell = \"off\"   # please\n";
        let after = edited(before, &Setting::Bell(Bell::All)).expect("it is TOML");
        assert_eq!(
            after,
            "# mine\nname = \"bob\" # me\n\n# quiet\nbell = \"all\"   # please\n"
        );
        let after = edited(&after, &Setting::Mouse(false)).expect("it is TOML");
        assert!(after.ends_with("# please\nmouse = false\n"), "{after}");
    }

    #[test]
    fn a_file_is_made_for_its_owner_alone_and_read_again() {
        let folder = Folder::new("made");
        let place = SettingsFile::Path(folder.0.join("deep").join("config.toml"));
        let path = place
            .keep(&Setting::Name("bob".into()))
            .expect("it is kept");
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let (settings, wrong) = place.load();
        assert_eq!((settings.name.as_deref(), wrong.len()), (Some("bob"), 0));
        let files = fs::read_dir(folder.0.join("deep")).expect("it is there");
        assert_eq!(files.count(), 1, "nothing else is left there");
    }

    #[test]
    fn a_link_and_the_permissions_are_kept() {
        let folder = Folder::new("linked");
        let real = folder.0.join("real.toml");
        fs::write(&real, "").expect("there is room for a file");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("it is ours");
        symlink(&real, folder.0.join("config.toml")).expect("there can be links");
        let kept = folder.place().keep(&Setting::Mouse(false));
        kept.expect("it is kept");
        assert_eq!(
            fs::read_to_string(&real).expect("it is there"),
            "mouse = false\n"
        );
        let mode = fs::metadata(&real)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_file_that_is_no_toml_is_not_overwritten() {
        let folder = Folder::new("broken");
        folder.write("name = bob\n");
        let refused = folder.place().keep(&Setting::Mouse(false));
        let refused = refused.expect_err("it makes no sense");
        assert!(refused.contains("line 1"), "{refused}");
        assert_eq!(folder.text(), "name = bob\n");
    }

    #[test]
    fn a_file_that_was_asked_for_and_is_not_there_is_said() {
        let folder = Folder::new("missing");
        let (settings, wrong) = folder.place().load();
        assert_eq!(settings, Settings::default());
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("Cannot read "), "{wrong:?}");
    }
}
