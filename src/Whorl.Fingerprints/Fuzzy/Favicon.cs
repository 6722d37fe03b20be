namespace Whorl.Fingerprints.Fuzzy;

/// <summary>The favicon hash under which search engines such as Shodan index web sites.</summary>
public static class Favicon
{
    /// <summary>
    /// MurmurHash3 of the icon's base64 text with a line feed after every 76 characters and at the end
    /// (the form that Python's <c>encodebytes</c> writes). Some lists print it unsigned: cast to <see cref="uint"/>.
    /// </summary>
    /// <param name="icon">The icon as it was served; an empty one gives 0.</param>
    public static int Hash(ReadOnlySpan<byte> icon)
    {
        FaviconHasher hasher = new();
        hasher.Append(icon);
        return hasher.Hash();
    }
}
