//! `instr()`, `replace()` and `trim()` in time linear in their arguments.
//!
//! SQLite's own take the product of two lengths and cannot be interrupted, so
//! that one call could burn a processor for minutes past its deadline. These
//! take their place and answer the same to the byte, for text that is not
//! UTF-8 too. Their memory is SQLite's, so that the statement is charged.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use memchr::{memchr, memmem};
use rusqlite::{Connection, ffi};

use super::statement::slice_of;
use super::trim_set::{Char, TrimSet, is_continuation};

type Callback =
    unsafe extern "C" fn(*mut ffi::sqlite3_context, c_int, *mut *mut ffi::sqlite3_value);

/// What SQLite's own `trim()` takes for each character of its set, in bytes. It
/// holds that against the limit on a value's length.
const SET_CHAR_BYTES: usize = 12;

/// Puts the functions in place of the built-in ones.
pub(super) fn install(db: &Connection) -> rusqlite::Result<()> {
    let functions: [(&CStr, c_int, Callback); 8] = [
        (c"instr", 2, instr),
        (c"replace", 3, replace),
        (c"ltrim", 1, trim::<true, false>),
        (c"ltrim", 2, trim::<true, false>),
        (c"rtrim", 1, trim::<false, true>),
        (c"rtrim", 2, trim::<false, true>),
        (c"trim", 1, trim::<true, true>),
        (c"trim", 2, trim::<true, true>),
    ];
    // Views, triggers, indexes and constraints may use them, as they may the built-in ones.
    let flags = ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC | ffi::SQLITE_INNOCUOUS;
    for (name, arguments, callback) in functions {
        // SAFETY: the handle is open for as long as `db` is borrowed, the name
        // ends with a NUL, and the callback needs no data that could be gone.
        let code = unsafe {
            ffi::sqlite3_create_function_v2(
                db.handle(),
                name.as_ptr(),
                arguments,
                flags,
                std::ptr::null_mut(),
                Some(callback),
                None,
                None,
                None,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        }
    }
    Ok(())
}

unsafe extern "C" fn instr(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: the arguments are those of SQLite's call.
    unsafe { answer(context, count, values, position) }
}

unsafe extern "C" fn replace(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: the arguments are those of SQLite's call.
    unsafe { answer(context, count, values, replaced) }
}

unsafe extern "C" fn trim<const START: bool, const END: bool>(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: the arguments are those of SQLite's call.
    unsafe { answer(context, count, values, trimmed::<START, END>) }
}

fn position<'a>(call: &Call<'a>) -> Result<Answer<'a>, Failure> {
    let (within, what) = (call.value(0), call.value(1));
    if within.is_null() || what.is_null() {
        return Ok(Answer::Null);
    }
    if what.length() == 0 {
        return Ok(Answer::Integer(1));
    }
    let position = match (within.is_blob(), what.is_blob()) {
        (true, true) => memmem::find(within.blob()?, what.blob()?).map_or(0, |at| at + 1),
        (false, false) => char_position(within.text()?, what.text()?),
        // To read a blob as text would make it one for the statement too.
        _ => {
            let (within, what) = (Copied::of(within)?, Copied::of(what)?);
            char_position(within.value().text()?, what.value().text()?)
        }
    };
    Ok(Answer::Integer(position as i64))
}

/// In characters, counted from 1; 0 where there is none.
fn char_position(within: &[u8], what: &[u8]) -> usize {
    let at = match what.first() {
        // It can stand only where a character begins, and at the start.
        Some(&first) if is_continuation(first) => within.starts_with(what).then_some(0),
        Some(_) => memmem::find(within, what),
        // A blob too short to be UTF-16; SQLite then looks for the end.
        None => memchr(0, within).or(Some(within.len())),
    };
    match at {
        None => 0,
        Some(0) => 1,
        Some(at) => 2 + within[1..at].iter().filter(|byte| !is_continuation(**byte)).count(),
    }
}

fn replaced<'a>(call: &Call<'a>) -> Result<Answer<'a>, Failure> {
    let (Some(text), Some(what)) = (call.value(0).text_or_null()?, call.value(1).text_or_null()?)
    else {
        return Ok(Answer::Null);
    };
    if matches!(what, [] | [0, ..]) {
        return Ok(Answer::Text(text));
    }
    let Some(with) = call.value(2).text_or_null()? else {
        return Ok(Answer::Null);
    };
    // SQLite's own counts the NUL behind the text here, and not below.
    call.check_length(text.len() + 1)?;
    let finder = memmem::Finder::new(what);
    let found = finder.find_iter(text).count();
    let length = (text.len() - found * what.len()).saturating_add(found.saturating_mul(with.len()));
    call.check_length(length)?;
    let mut room = Room::filled(0, length + 1)?;
    let mut free = room.as_mut();
    let mut put = |part: &[u8]| {
        let (here, behind) = std::mem::take(&mut free).split_at_mut(part.len());
        here.copy_from_slice(part);
        free = behind;
    };
    let mut from = 0;
    for at in finder.find_iter(text) {
        put(&text[from..at]);
        put(with);
        from = at + what.len();
    }
    put(&text[from..]);
    Ok(Answer::Room(room))
}

fn trimmed<'a, const START: bool, const END: bool>(call: &Call<'a>) -> Result<Answer<'a>, Failure> {
    let Some(mut text) = call.value(0).text_or_null()? else {
        return Ok(Answer::Null);
    };
    let set = match call.0.len() {
        1 => Some(&b" "[..]),
        _ => call.value(1).text_or_null()?,
    };
    let Some(set) = set else {
        return Ok(Answer::Null);
    };
    let set = &set[..memchr(0, set).unwrap_or(set.len())];
    let (chars, long) = TrimSet::count(set);
    call.check_length(chars * SET_CHAR_BYTES)?;
    let mut room = Room::filled(Char::default(), long)?;
    let set = TrimSet::new(set, room.as_mut());
    if START {
        text = set.trim_start(text);
    }
    if END {
        text = set.trim_end(text);
    }
    Ok(Answer::Text(text))
}

/// What a function answers.
enum Answer<'a> {
    Null,
    Integer(i64),
    Text(&'a [u8]),
    /// Text with a NUL behind it.
    Room(Room<u8>),
}

/// Why it cannot.
enum Failure {
    TooBig,
    NoMemory,
}

/// Runs a function on the arguments of a call, and gives SQLite its answer.
///
/// # Safety
/// The arguments are those that SQLite calls a function with.
unsafe fn answer(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
    function: for<'a> fn(&Call<'a>) -> Result<Answer<'a>, Failure>,
) {
    // SAFETY: SQLite gives an array of `count` values, never empty here, that
    // lives during the call, and takes the answer before it ends.
    unsafe {
        let values = std::slice::from_raw_parts(values.cast::<Value<'_>>(), count as usize);
        let call = Call(values, context);
        // A panic must not unwind into C.
        match catch_unwind(AssertUnwindSafe(|| function(&call))) {
            Ok(Ok(Answer::Null)) => ffi::sqlite3_result_null(context),
            Ok(Ok(Answer::Integer(value))) => ffi::sqlite3_result_int64(context, value),
            Ok(Ok(Answer::Text(text))) => ffi::sqlite3_result_text64(
                context,
                text.as_ptr().cast(),
                text.len() as u64,
                ffi::SQLITE_TRANSIENT(),
                ffi::SQLITE_UTF8 as u8,
            ),
            Ok(Ok(Answer::Room(room))) => room.give(context),
            Ok(Err(Failure::TooBig)) => ffi::sqlite3_result_error_toobig(context),
            Ok(Err(Failure::NoMemory)) => ffi::sqlite3_result_error_nomem(context),
            Err(_) => {
                ffi::sqlite3_result_error(context, c"a text function failed".as_ptr(), -1);
            }
        }
    }
}

/// The arguments of a call, and its context.
struct Call<'a>(&'a [Value<'a>], *mut ffi::sqlite3_context);

impl<'a> Call<'a> {
    fn value(&self, i: usize) -> Value<'a> {
        self.0[i]
    }

    fn check_length(&self, bytes: usize) -> Result<(), Failure> {
        // SAFETY: the context lives during the call; -1 only asks.
        let most = unsafe {
            let db = ffi::sqlite3_context_db_handle(self.1);
            ffi::sqlite3_limit(db, ffi::SQLITE_LIMIT_LENGTH, -1)
        };
        if bytes > most as usize { Err(Failure::TooBig) } else { Ok(()) }
    }
}

/// A value that lives for `'a`. What it was read as is what it is from then
/// on, so each is read in one way only: its bytes then stay where they are.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Value<'a>(NonNull<ffi::sqlite3_value>, PhantomData<&'a [u8]>);

impl<'a> Value<'a> {
    fn kind(self) -> c_int {
        // SAFETY: the value is alive, here and below.
        unsafe { ffi::sqlite3_value_type(self.0.as_ptr()) }
    }

    fn is_null(self) -> bool {
        self.kind() == ffi::SQLITE_NULL
    }

    fn is_blob(self) -> bool {
        self.kind() == ffi::SQLITE_BLOB
    }

    fn length(self) -> c_int {
        // SAFETY: see `kind`.
        unsafe { ffi::sqlite3_value_bytes(self.0.as_ptr()) }
    }

    fn blob(self) -> Result<&'a [u8], Failure> {
        // SAFETY: see `kind`. The length is asked for after the pointer, and
        // the bytes stay where they are until the value is read otherwise.
        unsafe {
            let start = ffi::sqlite3_value_blob(self.0.as_ptr()).cast::<u8>();
            let length = self.length();
            if start.is_null() && length > 0 {
                return Err(Failure::NoMemory);
            }
            Ok(slice_of(start, length))
        }
    }

    fn text(self) -> Result<&'a [u8], Failure> {
        // SAFETY: as in `blob`.
        unsafe {
            let start = ffi::sqlite3_value_text(self.0.as_ptr());
            if start.is_null() {
                return Err(Failure::NoMemory);
            }
            Ok(slice_of(start, self.length()))
        }
    }

    fn text_or_null(self) -> Result<Option<&'a [u8]>, Failure> {
        if self.is_null() { Ok(None) } else { self.text().map(Some) }
    }
}

/// A copy of a value.
struct Copied(NonNull<ffi::sqlite3_value>);

impl Copied {
    fn of(value: Value<'_>) -> Result<Self, Failure> {
        // SAFETY: the value is alive; null stands for no memory.
        let copy = unsafe { ffi::sqlite3_value_dup(value.0.as_ptr()) };
        NonNull::new(copy).map(Self).ok_or(Failure::NoMemory)
    }

    fn value(&self) -> Value<'_> {
        Value(self.0, PhantomData)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // SAFETY: the copy is ours, and not used again.
        unsafe { ffi::sqlite3_value_free(self.0.as_ptr()) };
    }
}

/// Memory from SQLite.
struct Room<T> {
    start: NonNull<T>,
    length: usize,
}

impl<T: Copy> Room<T> {
    fn filled(with: T, length: usize) -> Result<Self, Failure> {
        const { assert!(align_of::<T>() <= 8, "SQLite aligns no further") };
        let bytes = length.saturating_mul(size_of::<T>()).max(1);
        // SAFETY: SQLite gives null or a place for so many bytes, aligned to 8.
        unsafe {
            let start = ffi::sqlite3_malloc64(bytes as u64).cast::<T>();
            let start = NonNull::new(start).ok_or(Failure::NoMemory)?;
            (0..length).for_each(|i| start.add(i).write(with));
            Ok(Self { start, length })
        }
    }

    fn as_mut(&mut self) -> &mut [T] {
        // SAFETY: so many were written, and the room is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Room<u8> {
    /// Makes all but the last byte the result of a call.
    ///
    /// # Safety
    /// The context is that of a call that goes on.
    unsafe fn give(self, context: *mut ffi::sqlite3_context) {
        let room = std::mem::ManuallyDrop::new(self);
        // SAFETY: as the caller promised; SQLite frees the room from here on.
        unsafe {
            ffi::sqlite3_result_text64(
                context,
                room.start.as_ptr().cast(),
                room.length as u64 - 1,
                Some(ffi::sqlite3_free),
                ffi::SQLITE_UTF8 as u8,
            );
        }
    }
}

impl<T> Drop for Room<T> {
    fn drop(&mut self) {
        // SAFETY: SQLite gave the room, and it is not used again.
        unsafe { ffi::sqlite3_free(self.start.as_ptr().cast()) };
    }
}

#[cfg(test)]
#[path = "text_functions_tests.rs"]
mod tests;
