namespace Whorl.Fingerprints.Tcp;

/// <summary>One TCP option as it stood in the packet.</summary>
/// <param name="Kind">The option number (IANA); see <see cref="TcpOptionKind"/>.</param>
/// <param name="Length">The length byte as sent, 1 for a no-operation; for the end-of-options mark the bytes after it.</param>
/// <param name="Value">Segment size, window scale or the sender's timestamp; zero for other kinds.</param>
/// <param name="Echo">The echoed timestamp; zero for other kinds.</param>
public readonly record struct TcpOption(byte Kind, byte Length, uint Value, uint Echo);
