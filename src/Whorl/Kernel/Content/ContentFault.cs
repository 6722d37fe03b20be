namespace Whorl.Kernel.Content;

/// <summary>Where in a file of content something stands; line and column count from 1.</summary>
internal readonly record struct ContentPlace(string File, int Line, int Column)
{
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>One thing wrong with a file of content.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Message">What is wrong, in lower case, without a full stop.</param>
/// <param name="Hint">What to do about it, where that is not plain from the message.</param>
internal sealed record ContentFault(ContentPlace Place, string Message, string? Hint = null)
{
    public override string ToString() => $"{Place}: {Message}{(Hint is null ? "" : $" ({Hint})")}";
}
