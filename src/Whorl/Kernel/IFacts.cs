namespace Whorl.Kernel;

/// <summary>
/// What is being judged, as rules see it. Called on the request path: implementations answer without waiting and,
/// for what they have answered before, without allocating.
/// </summary>
internal interface IFacts
{
    /// <summary>A text field; null where absent. A number or flag has no text here.</summary>
    string? Text(Field field);

    /// <summary>A number field; null where absent.</summary>
    double? Number(Field field);

    /// <summary>A flag; null where it cannot be known.</summary>
    bool? Flag(Field field);

    /// <summary>An address field; null where absent.</summary>
    PeerAddress? Address(Field field);
}
