namespace Whorl.Fingerprints.Wire;

/// <summary>How far a parser got with the bytes it was given. Parsers return this; they never throw.</summary>
public enum ParseStatus
{
    /// <summary>The record is complete.</summary>
    Done,

    /// <summary>The bytes are a valid beginning; more are needed.</summary>
    NeedMore,

    /// <summary>The bytes can never become this record.</summary>
    Malformed,
}
