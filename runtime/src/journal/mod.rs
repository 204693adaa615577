//! The journal: the only place where a training program and its supervisor meet.
