using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Whorl.Sources.Decoys.Ssh.Crypto;

/// <summary>One direction of an SSH connection's encryption: opens or seals packets of <c>length | padding length | payload | padding</c>, and their tag or code behind.</summary>
internal abstract class PacketCipher : IDisposable
{
    /// <summary>Packets are padded to a multiple of it.</summary>
    public abstract int Block { get; }

    /// <summary>Bytes that tell the length.</summary>
    public virtual int Head => 4;

    /// <summary>Bytes behind the packet.</summary>
    public abstract int TagLength { get; }

    /// <summary>Whether the length field counts for the padding (RFC 4253 §6); not where it stands in clear or has its own encryption.</summary>
    public virtual bool LengthIsPadded => false;

    /// <summary>Decrypts the head in place and gives the packet's length.</summary>
    public abstract uint Begin(uint sequence, Span<byte> head);

    /// <summary>Decrypts the rest of a packet whose head was decrypted; false where somebody changed it.</summary>
    public abstract bool TryOpen(uint sequence, Span<byte> packet, ReadOnlySpan<byte> tag);

    public abstract void Seal(uint sequence, Span<byte> packet, Span<byte> tag);

    public virtual void Dispose()
    {
    }
}

/// <summary>Before the first key exchange.</summary>
internal sealed class ClearCipher : PacketCipher
{
    public override int Block => 8;

    public override int TagLength => 0;

    public override bool LengthIsPadded => true;

    public override uint Begin(uint sequence, Span<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head);

    public override bool TryOpen(uint sequence, Span<byte> packet, ReadOnlySpan<byte> tag) => true;

    public override void Seal(uint sequence, Span<byte> packet, Span<byte> tag)
    {
    }
}

/// <summary>chacha20-poly1305@openssh.com.</summary>
internal sealed class ChaChaCipher(ReadOnlySpan<byte> key) : PacketCipher
{
    private readonly ChaChaPoly _cipher = new(key);
    private readonly byte[] _sealedHead = new byte[4];

    public override int Block => 8;

    public override int TagLength => ChaChaPoly.TagLength;

    public override uint Begin(uint sequence, Span<byte> head)
    {
        // The tag is over the length as it was sent.
        head[..4].CopyTo(_sealedHead);
        return _cipher.Length(sequence, head);
    }

    public override bool TryOpen(uint sequence, Span<byte> packet, ReadOnlySpan<byte> tag)
    {
        _sealedHead.CopyTo(packet);
        return _cipher.TryOpen(sequence, packet, tag);
    }

    public override void Seal(uint sequence, Span<byte> packet, Span<byte> tag) => _cipher.Seal(sequence, packet, tag);
}

/// <summary>aes128-gcm@openssh.com and aes256-gcm@openssh.com (RFC 5647): the length in clear and authenticated, a nonce that counts packets.</summary>
internal sealed class GcmCipher : PacketCipher
{
    private readonly AesGcm _aes;
    private readonly byte[] _nonce;

    public GcmCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce) => (_aes, _nonce) = (new AesGcm(key, 16), nonce[..12].ToArray());

    public override int Block => 16;

    public override int TagLength => 16;

    public override uint Begin(uint sequence, Span<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head);

    public override bool TryOpen(uint sequence, Span<byte> packet, ReadOnlySpan<byte> tag)
    {
        byte[] sealedBytes = packet[4..].ToArray();
        try
        {
            _aes.Decrypt(_nonce, sealedBytes, tag, packet[4..], packet[..4]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        Count();
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet, Span<byte> tag)
    {
        byte[] plain = packet[4..].ToArray();
        _aes.Encrypt(_nonce, plain, packet[4..], tag, packet[..4]);
        Count();
    }

    public override void Dispose()
    {
        _aes.Dispose();
        base.Dispose();
    }

    private void Count() => BinaryPrimitives.WriteUInt64BigEndian(_nonce.AsSpan(4), BinaryPrimitives.ReadUInt64BigEndian(_nonce.AsSpan(4)) + 1);
}

/// <summary>AES in counter mode (RFC 4344) with an HMAC, over the plain packet or (etm) over the encrypted one.</summary>
internal sealed class CtrCipher : PacketCipher
{
    // Counter blocks encrypted by one call.
    private const int Ahead = 32;

    private readonly Aes _aes = Aes.Create();
    private readonly HMAC _mac;
    private readonly bool _encryptThenMac;
    private readonly byte[] _counter;
    private readonly byte[] _counters = new byte[16 * Ahead];
    private readonly byte[] _stream = new byte[16 * Ahead];
    private int _used = 16 * Ahead;

    public CtrCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> counter, HMAC mac, bool encryptThenMac)
    {
        _aes.Key = key.ToArray();
        (_counter, _mac, _encryptThenMac) = (counter[..16].ToArray(), mac, encryptThenMac);
    }

    public override int Block => 16;

    public override int Head => _encryptThenMac ? 4 : 16;

    public override int TagLength => _mac.HashSize / 8;

    public override bool LengthIsPadded => !_encryptThenMac;

    public override uint Begin(uint sequence, Span<byte> head)
    {
        if (!_encryptThenMac)
        {
            Transform(head);
        }

        return BinaryPrimitives.ReadUInt32BigEndian(head);
    }

    public override bool TryOpen(uint sequence, Span<byte> packet, ReadOnlySpan<byte> tag)
    {
        if (_encryptThenMac)
        {
            if (!CryptographicOperations.FixedTimeEquals(Code(sequence, packet), tag))
            {
                return false;
            }

            Transform(packet[4..]);
            return true;
        }

        Transform(packet[16..]);
        return CryptographicOperations.FixedTimeEquals(Code(sequence, packet), tag);
    }

    public override void Seal(uint sequence, Span<byte> packet, Span<byte> tag)
    {
        if (_encryptThenMac)
        {
            Transform(packet[4..]);
            Code(sequence, packet).CopyTo(tag);
        }
        else
        {
            Code(sequence, packet).CopyTo(tag);
            Transform(packet);
        }
    }

    public override void Dispose()
    {
        _aes.Dispose();
        _mac.Dispose();
        base.Dispose();
    }

    private byte[] Code(uint sequence, ReadOnlySpan<byte> packet)
    {
        byte[] covered = new byte[4 + packet.Length];
        BinaryPrimitives.WriteUInt32BigEndian(covered, sequence);
        packet.CopyTo(covered.AsSpan(4));
        return _mac.ComputeHash(covered);
    }

    private void Transform(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (_used == _stream.Length)
            {
                Refill();
            }

            bytes[i] ^= _stream[_used++];
        }
    }

    private void Refill()
    {
        for (int block = 0; block < Ahead; block++)
        {
            _counter.CopyTo(_counters, 16 * block);
            for (int i = 15; i >= 0 && ++_counter[i] == 0; i--)
            {
                // Carried into the next byte.
            }
        }

        _aes.EncryptEcb(_counters, _stream, PaddingMode.None);
        _used = 0;
    }
}
