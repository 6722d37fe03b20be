namespace Whorl.Fingerprints.Tls;

/// <summary>The reserved values that clients sprinkle over their lists so that servers stay tolerant (RFC 8701).</summary>
public static class Grease
{
    /// <summary>True for the sixteen 16-bit values 0x0A0A, 0x1A1A … 0xFAFA.</summary>
    /// <param name="value">A cipher suite, extension type, group, version or signature algorithm.</param>
    public static bool Is(ushort value) => (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF);

    internal static int CountOthers(U16List values)
    {
        int count = 0;
        foreach (ushort value in values)
        {
            count += Is(value) ? 0 : 1;
        }

        return count;
    }
}
