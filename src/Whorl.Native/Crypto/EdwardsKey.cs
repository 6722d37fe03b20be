using System.Runtime.InteropServices;

namespace Whorl.Native.Crypto;

/// <summary>A curve of EdDSA (RFC 8032), as libcrypto numbers it.</summary>
internal enum EdwardsCurve
{
    Ed25519 = 1087,
    Ed448 = 1088,
}

/// <summary>Signatures by EdDSA (RFC 8032), which .NET 10 does not offer alone, by the libcrypto of OpenSSL 3. Any number of threads.</summary>
internal static unsafe partial class EdwardsKey
{
    /// <summary>Bytes of a secret and of a public key of Ed25519.</summary>
    public const int Length = 32;

    private const string Library = "libcrypto.so.3";

    // Of Ed448; that of Ed25519 has 64.
    private const int MaxSignature = 114;

    private static readonly Lazy<bool> Present = new(static () => NativeLibrary.TryLoad(Library, out _));

    /// <summary>Nothing of it works without the library; then methods return what they return of bytes that are no key.</summary>
    public static bool IsPresent => Present.Value;

    /// <summary>The public key that belongs to a secret of Ed25519; empty where it is none.</summary>
    public static byte[] PublicOf(ReadOnlySpan<byte> secret)
    {
        using KeyHandle? key = SecretKey(secret);
        byte[] point = new byte[Length];
        nuint length = Length;
        fixed (byte* to = point)
        {
            return key is not null && PublicOf(key, to, ref length) == 1 && length == Length ? point : [];
        }
    }

    /// <summary>Signs with a secret of Ed25519; empty where it is none.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> message)
    {
        using KeyHandle? key = SecretKey(secret);
        if (key is null)
        {
            return [];
        }

        using ContextHandle context = NewContext();
        byte[] signature = new byte[MaxSignature];
        nuint length = MaxSignature;
        fixed (byte* to = signature)
        fixed (byte* from = message)
        {
            return BeginSigning(context, 0, 0, 0, key) == 1 && Sign(context, to, ref length, from, (nuint)message.Length) == 1 ? signature[..(int)length] : [];
        }
    }

    /// <summary>Whether a key made a signature; false too for bytes that are no key or no signature.</summary>
    public static bool Verify(EdwardsCurve curve, ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (!IsPresent || key.IsEmpty || signature.IsEmpty)
        {
            return false;
        }

        fixed (byte* point = key, from = message, signed = signature)
        {
            using KeyHandle handle = PublicKey(curve, 0, point, (nuint)key.Length);
            using ContextHandle context = NewContext();
            return !handle.IsInvalid && BeginVerifying(context, 0, 0, 0, handle) == 1 && Verify(context, signed, (nuint)signature.Length, from, (nuint)message.Length) == 1;
        }
    }

    private static KeyHandle? SecretKey(ReadOnlySpan<byte> secret)
    {
        if (!IsPresent || secret.Length != Length)
        {
            return null;
        }

        fixed (byte* bytes = secret)
        {
            return SecretKey(EdwardsCurve.Ed25519, 0, bytes, Length);
        }
    }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    private static partial KeyHandle SecretKey(EdwardsCurve type, nint engine, byte* key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    private static partial KeyHandle PublicKey(EdwardsCurve type, nint engine, byte* key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    private static partial int PublicOf(KeyHandle key, byte* point, ref nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    private static partial ContextHandle NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSignInit")]
    private static partial int BeginSigning(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSign")]
    private static partial int Sign(ContextHandle context, byte* signature, ref nuint signatureLength, byte* message, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerifyInit")]
    private static partial int BeginVerifying(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerify")]
    private static partial int Verify(ContextHandle context, byte* signature, nuint signatureLength, byte* message, nuint length);

    internal sealed class KeyHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeKey(handle);
            return true;
        }
    }

    internal sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeContext(handle);
            return true;
        }
    }
}
