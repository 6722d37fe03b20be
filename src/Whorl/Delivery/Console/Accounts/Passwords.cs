using Microsoft.AspNetCore.Identity;

namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>Hashes and checks passwords, a few at a time: each costs a tenth of a second of CPU, which strangers may ask for.</summary>
internal sealed class Passwords : IDisposable
{
    // Leaves cores to the edge in the same process.
    private const int MaxAtOnce = 2;

    private static readonly Account Nobody = new(Guid.Empty, "", AccountRole.Viewer, null, Guid.Empty, DateTimeOffset.UnixEpoch);

    private readonly PasswordHasher<Account> _hasher = new();
    private readonly SemaphoreSlim _slots = new(MaxAtOnce);
    private readonly Lazy<string> _dummy;

    public Passwords() => _dummy = new(() => _hasher.HashPassword(Nobody, "an account that does not exist"));

    public async Task<string> HashAsync(string password, CancellationToken cancel)
    {
        await _slots.WaitAsync(cancel);
        try
        {
            return _hasher.HashPassword(Nobody, password);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Checks; takes as long for an account that does not exist.</summary>
    public async Task<bool> CheckAsync(Account? account, string password, CancellationToken cancel)
    {
        await _slots.WaitAsync(cancel);
        try
        {
            bool right = _hasher.VerifyHashedPassword(Nobody, account?.Hash ?? _dummy.Value, password) != PasswordVerificationResult.Failed;
            return right && account?.Hash is not null;
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();
}
