namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// The streaming form of <see cref="Murmur3"/>: feed a document in pieces of any size, then read its hash.
/// Memory is fixed whatever the length. One instance serves one thread at a time.
/// </summary>
public sealed class Murmur3Hasher
{
    private const int BlockLength = sizeof(uint);

    private readonly byte[] _open = new byte[BlockLength];
    private int _openLength;
    private uint _hash;
    private uint _length;

    /// <summary>Adds the next bytes of the document.</summary>
    /// <param name="data">The bytes; any number of them.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        // The method takes the length in modulo 2^32.
        _length = unchecked(_length + (uint)data.Length);
        if (_openLength > 0)
        {
            int count = Math.Min(BlockLength - _openLength, data.Length);
            data[..count].CopyTo(_open.AsSpan(_openLength));
            data = data[count..];
            _openLength += count;
            if (_openLength < BlockLength)
            {
                return;
            }

            _hash = Murmur3.Mix(_hash, _open);
        }

        _hash = Murmur3.Mix(_hash, data);
        ReadOnlySpan<byte> rest = data[(data.Length & ~(BlockLength - 1))..];
        rest.CopyTo(_open);
        _openLength = rest.Length;
    }

    /// <summary>
    /// The hash, for seed 0, of what was appended so far; more may be appended afterwards.
    /// Search engines print it signed: cast to <see cref="int"/>.
    /// </summary>
    public uint Hash() => Murmur3.Finish(_hash, _open.AsSpan(0, _openLength), _length);
}
