//! Credit through its public face.
